// Lending: whether this core's keyspace is at home, and who waits for it.
//
// A command with keys on several cores borrows their keyspaces. While one is away its core serves its sockets; commands that need its keys
// wait here, in the order in which they came, and so do further borrowers.
//
// Thread: its core's. Cost: a comparison while it is at home.
#pragma once

#include "corering/base/assert.h"
#include "corering/base/intrusive.h"

namespace kv {

struct KeyWaiterTag;

// Somebody who needs the keyspace. Called once, when it is at home; whoever still needs it afterwards waits again.
class KeyWaiter : public corering::base::ListHook<KeyWaiterTag> {
 public:
  virtual void on_keys_home() = 0;

 protected:
  ~KeyWaiter() = default;
};

// Calls all that wait now.
inline void wake(corering::base::List<KeyWaiter, KeyWaiterTag>& waiters) {
  corering::base::List<KeyWaiter, KeyWaiterTag> current;
  current.swap(waiters);
  while (!current.empty()) {
    KeyWaiter& next = current.front();
    current.pop_front();
    next.on_keys_home();
  }
}

class Lending {
 public:
  Lending() = default;
  Lending(const Lending&) = delete;
  Lending& operator=(const Lending&) = delete;
  ~Lending() { CORERING_ASSERT(waiters_.empty() && is_home_, "a keyspace is away, or waited for, at the end"); }

  bool is_home() const noexcept { return is_home_; }

  // Requires: is_home().
  void lend() noexcept {
    CORERING_ASSERT(is_home_, "a keyspace is lent twice");
    is_home_ = false;
  }

  void take_back() {
    CORERING_ASSERT(!is_home_, "a keyspace comes back that was not lent");
    is_home_ = true;
    serve();
  }

  void await(KeyWaiter& waiter) noexcept { waiters_.push_back(waiter); }
  bool has_waiters() const noexcept { return !waiters_.empty(); }

 private:
  // One after the other, as long as none of them lends it again.
  void serve() {
    while (is_home_ && !waiters_.empty()) {
      KeyWaiter& next = waiters_.front();
      waiters_.pop_front();
      next.on_keys_home();
    }
  }

  bool is_home_ = true;
  corering::base::List<KeyWaiter, KeyWaiterTag> waiters_;
};

}  // namespace kv
