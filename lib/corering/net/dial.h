// Dial: one wish to be connected, embedded in whoever has it. DialAttempt: what the Dialer does about it.
//
// They are two because the kernel may still hold the address and the socket when nobody wants the connection any more: the attempt
// lives until it has let go, the wish may die at any time.
//
// Thread: owning core only.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "corering/base/intrusive.h"
#include "corering/base/result.h"
#include "corering/net/target.h"
#include "corering/ring/completion.h"
#include "corering/sched/offload.h"
#include "corering/sched/ready_queue.h"
#include "corering/sched/timer_wheel.h"

namespace corering::net {

class Connection;
class DialAttempt;
class Dialer;
class Session;
struct DialTag;

struct DialTimes {
  base::Duration total = std::chrono::seconds(5);        // look-up and all addresses together
  base::Duration per_address = std::chrono::seconds(2);  // until the next address is tried; the last has all that is left
};

class Dial {
 public:
  using Handler = void (*)(void* owner, base::Result<Connection*> result);

  Dial(Handler handler, void* owner) noexcept : handler_(handler), owner_(owner) {}
  Dial(const Dial&) = delete;
  Dial& operator=(const Dial&) = delete;
  ~Dial() { forget(); }

  template <auto kMember, typename Owner>
  static Dial to(Owner* owner) noexcept {
    return {[](void* self, base::Result<Connection*> result) { (static_cast<Owner*>(self)->*kMember)(std::move(result)); }, owner};
  }

  // The handler is not called any more; a connection that comes about after all is closed.
  void forget() noexcept;

  bool is_running() const noexcept { return attempt_ != nullptr || refusing_ != nullptr; }

 private:
  friend class DialAttempt;
  friend class Dialer;

  // There is no memory for an attempt: the handler hears of it in a later turn.
  void refuse(sched::ReadyQueue& ready);
  void on_refused();

  const Handler handler_;
  void* const owner_;
  DialAttempt* attempt_ = nullptr;
  sched::ReadyQueue* refusing_ = nullptr;  // while a refusal is on its way
  sched::Runnable refusal_ = sched::Runnable::to<&Dial::on_refused>(this);
};

class DialAttempt : public base::ListHook<DialTag> {
 public:
  DialAttempt(Dialer& dialer, Dial& dial, Session& session, Target target, const DialTimes& times);
  DialAttempt(const DialAttempt&) = delete;
  DialAttempt& operator=(const DialAttempt&) = delete;
  ~DialAttempt();

  // For the dialer: looks up or connects. The wish hears of the result in a later turn.
  void begin();

  // Ends it in the next ready phase, with `error` for whoever still waits.
  void refuse(base::Error error);
  void forget();

 private:
  using Addresses = base::Result<std::vector<sys::SocketAddress>>;

  void on_looked_up(base::Result<Addresses> result);
  void try_next();
  bool try_connect(const sys::SocketAddress& address);
  void on_connect(ring::IoResult result);
  void on_cancel(ring::IoResult result);
  void on_timer();
  void on_begun();
  void give_up(base::Error error);
  void cancel_connect();
  void close_socket() noexcept;
  void fail(base::Error error);
  void release_if_quiet();
  base::Error time_is_up() const;

  Dialer& dialer_;
  Dial* dial_;  // nullptr once it has been answered or forgotten
  Session& session_;
  const Target target_;
  const DialTimes times_;
  base::Instant begun_;
  bool is_late_ = false;  // the total time is up, or nobody waits: no further address
  std::vector<sys::SocketAddress> addresses_;
  std::size_t next_ = 0;
  int fd_ = -1;
  base::Error last_error_;
  std::optional<base::Error> refusal_;
  sched::Timer timer_ = sched::Timer::to<&DialAttempt::on_timer>(this);
  sched::Runnable begin_ = sched::Runnable::to<&DialAttempt::on_begun>(this);
  sched::Offload<Addresses> look_up_ = sched::Offload<Addresses>::to<&DialAttempt::on_looked_up>(this);
  ring::Completion connect_ = ring::Completion::to<&DialAttempt::on_connect>(this);
  ring::Completion cancel_ = ring::Completion::to<&DialAttempt::on_cancel>(this);
};

}  // namespace corering::net
