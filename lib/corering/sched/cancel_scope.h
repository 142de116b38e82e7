// CancelScope: the tasks and waits that end together when somebody gives up on them.
//
// Scopes form a tree: cancelling one cancels all below it, never what is above. Every wait of a pinned task (bytes, room, a timer,
// another task) joins the scope of its task and ends at once, as cancelled, when the scope is. Nothing is torn down from outside:
// a coroutine learns of it at its next await, or by asking, and returns as it sees fit.
//
//   const sched::TaskContext& here = co_await sched::this_task();
//   while (!here.is_cancelled()) { ... }
//
// A scope goes into the list of its outer one when something first joins it or a scope inside it: most tasks never wait, and cost
// nothing here. So it asks upwards whether it is cancelled.
//
// A scope stays cancelled for ever. Thread: owning core; is_cancelled: any. Lifetime: waits leave their scope before they die and
// inner scopes die before outer ones. Cost: joining and leaving O(1), or O(depth) the first time, no allocation; is_cancelled
// O(depth); cancel O(waits below).
#pragma once

#include <atomic>

#include "corering/base/intrusive.h"

namespace corering::sched {

class CancelScope;
struct CancelWaitTag;
struct CancelScopeTag;

// A wait that a scope can end. Embedded in an awaiter.
class CancelWait : public base::ListHook<CancelWaitTag> {
 public:
  using Function = void (*)(void* owner);

  // `function` takes the wait back from what it waits for and queues its coroutine; it resumes nothing itself.
  CancelWait(Function function, void* owner) noexcept : function_(function), owner_(owner) {}
  ~CancelWait() { leave(); }

  template <auto kMember, typename Owner>
  static CancelWait to(Owner* owner) noexcept {
    return {[](void* self) { (static_cast<Owner*>(self)->*kMember)(); }, owner};
  }

  // False, and nothing else, if the scope is cancelled already.
  bool try_join(CancelScope& scope) noexcept;

  // What was waited for is there. Does nothing if it is in no scope.
  void leave() noexcept;

 private:
  friend class CancelScope;

  Function function_;
  void* owner_;
  CancelScope* scope_ = nullptr;
};

class CancelScope : public base::ListHook<CancelScopeTag> {
 public:
  // The outermost.
  CancelScope() = default;

  // One inside `outer`; cancelled from the start if that is.
  explicit CancelScope(CancelScope* outer) noexcept : outer_(outer) {}

  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;
  ~CancelScope() { close(); }

  // Ends all waits in it and below it. Does nothing the second time.
  void cancel() noexcept;

  bool is_cancelled() const noexcept {
    for (const CancelScope* scope = this; scope != nullptr; scope = scope->outer_) {
      if (scope->cancelled_.load(std::memory_order_relaxed)) return true;
    }
    return false;
  }

  // Leaves the outer scope: nothing waits in it any more.
  void close() noexcept;

 private:
  friend class CancelWait;

  void be_in_reach() noexcept {
    if (is_linked() || outer_ == nullptr) return;
    outer_->be_in_reach();
    outer_->inner_.push_back(*this);
  }

  CancelScope* outer_ = nullptr;
  std::atomic<bool> cancelled_{false};
  base::List<CancelWait, CancelWaitTag> waits_;
  base::List<CancelScope, CancelScopeTag> inner_;
};

inline bool CancelWait::try_join(CancelScope& scope) noexcept {
  if (scope.is_cancelled()) return false;
  scope_ = &scope;
  scope.be_in_reach();
  scope.waits_.push_back(*this);
  return true;
}

inline void CancelWait::leave() noexcept {
  if (scope_ == nullptr) return;
  scope_->waits_.erase(scope_->waits_.iterator_to(*this));
  scope_ = nullptr;
}

inline void CancelScope::cancel() noexcept {
  if (cancelled_.load(std::memory_order_relaxed)) return;
  cancelled_.store(true, std::memory_order_relaxed);
  while (!waits_.empty()) {
    CancelWait& wait = waits_.front();
    wait.leave();
    wait.function_(wait.owner_);
  }
  for (CancelScope& scope : inner_) scope.cancel();
}

inline void CancelScope::close() noexcept {
  if (is_linked()) outer_->inner_.erase(outer_->inner_.iterator_to(*this));
  outer_ = nullptr;
}

}  // namespace corering::sched
