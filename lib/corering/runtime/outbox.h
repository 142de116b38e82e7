// Outbox: what a core sends to others and must not lose: letters, which wait when a mailbox is full.
//
// try_post refuses when the receiver is a full ring behind, and its caller has to think of something. A letter is embedded in what it
// is about and waits in its sender instead, first come first served, and nobody overtakes it: try_post to the same core is refused
// meanwhile. Whoever waits for its answer is thereby slowed down to the receiver's pace. A sender that has nothing else to do sleeps;
// the receiver wakes it when it has made room (see Mailbox).
//
// Thread: the sending core. Cost: no allocation; a letter that finds room costs what a message costs.
#pragma once

#include <vector>

#include "corering/base/intrusive.h"
#include "corering/metrics/counter.h"
#include "corering/runtime/exchange.h"

namespace corering::runtime {

struct LetterTag;

// One message about `subject`, which keeps the letter and outlives its delivery. May be sent again when it has been taken.
class Letter : public base::ListHook<LetterTag> {
 public:
  Letter() = default;
  Letter(CoreId to, Message::Handler handler, void* subject) noexcept : to_(to), handler_(handler), subject_(subject) {}

  // `Handler`: void(Core& here, Subject& subject), on the core that it is sent to.
  template <auto kHandler, typename Subject>
  void address(CoreId to, Subject* subject) noexcept {
    to_ = to;
    subject_ = subject;
    handler_ = [](Core& here, const Message& message) { kHandler(here, *static_cast<Subject*>(message.payload<void*>())); };
  }

  CoreId to() const noexcept { return to_; }
  bool is_waiting() const noexcept { return is_linked(); }
  Message message() const noexcept { return {handler_, subject_}; }

 private:
  CoreId to_{};
  Message::Handler handler_ = nullptr;
  void* subject_ = nullptr;
};

class Outbox {
 public:
  Outbox(Exchange& exchange, CoreId here) : exchange_(exchange), here_(here), waiting_(exchange.cores()) {}
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;
  ~Outbox() {
    for (Letters& letters : waiting_) letters.clear();
  }

  bool is_empty() const noexcept { return count_ == 0; }
  bool has_letters_for(CoreId to) const noexcept { return count_ != 0 && !waiting_[to.value].empty(); }

  // Into the mailbox, or behind those that wait for room in it. False: it waits.
  bool send(Letter& letter) noexcept;

  // It is not to be sent after all. False if it has left.
  bool try_take_back(Letter& letter) noexcept;

  // Sends what there is room for. Called by the core once per turn, before it publishes; returns how many.
  std::size_t flush() noexcept;

  // A letter waits and there is room for it: do not sleep. Sequentially consistent with the receiver's taking.
  bool can_send() const noexcept;

 private:
  using Letters = base::List<Letter, LetterTag>;

  Mailbox& mailbox(CoreId to) const noexcept { return exchange_.mailbox(here_, to); }
  void note_left(CoreId to) noexcept;

  Exchange& exchange_;
  const CoreId here_;
  std::size_t count_ = 0;         // letters that wait
  std::vector<Letters> waiting_;  // by receiver
};

}  // namespace corering::runtime
