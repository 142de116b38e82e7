// TurnWork: work done piece by piece, at most one piece in a turn of the loop, so that I/O is looked at between any two.
//
// A Runnable that pushed itself again would come round in the same turn, as long as the loop's bound for ready tasks allows. This
// one goes through the flush phase first: the kernel has been entered, completions dispatched, before it runs again.
//
//   void Stream::on_piece() {
//     deliver_some();
//     if (!empty()) work_.schedule();
//   }
//
// Thread: owning core only. Lifetime: part of its owner; the core outlives it. Cost: O(1), no allocation.
#pragma once

#include <cstdint>

#include "corering/runtime/core.h"

namespace corering::flow {

class TurnWork {
 public:
  using Handler = void (*)(void* owner);

  TurnWork(runtime::Core& core, Handler handler, void* owner) noexcept : core_(core), handler_(handler), owner_(owner) {}
  TurnWork(const TurnWork&) = delete;
  TurnWork& operator=(const TurnWork&) = delete;
  ~TurnWork() { cancel(); }

  template <auto kMember, typename Owner>
  static TurnWork to(runtime::Core& core, Owner* owner) noexcept {
    return {core, [](void* self) { (static_cast<Owner*>(self)->*kMember)(); }, owner};
  }

  // A piece runs in the next ready phase; in that of the next turn, if one has run in this turn or is running now. Does nothing if it
  // is scheduled already.
  void schedule() noexcept {
    if (is_scheduled_) return;
    is_scheduled_ = true;
    if (last_turn_ == core_.counters().turns.value()) {
      core_.flush_list().add(after_io_);
    } else {
      core_.ready().push(now_);
    }
  }

  void cancel() noexcept {
    is_scheduled_ = false;
    core_.flush_list().remove(after_io_);
    core_.ready().remove(now_);
  }

  bool is_scheduled() const noexcept { return is_scheduled_; }

 private:
  void run() {
    is_scheduled_ = false;
    last_turn_ = core_.counters().turns.value();
    handler_(owner_);
  }
  void on_flush() { core_.ready().push(now_); }

  runtime::Core& core_;
  const Handler handler_;
  void* const owner_;
  bool is_scheduled_ = false;
  std::uint64_t last_turn_ = UINT64_MAX;  // in which a piece ran
  sched::Runnable now_ = sched::Runnable::to<&TurnWork::run>(this);
  runtime::Flushable after_io_ = runtime::Flushable::to<&TurnWork::on_flush>(this);
};

}  // namespace corering::flow
