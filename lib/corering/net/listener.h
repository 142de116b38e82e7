// Listener: accepts connections for one core.
//
// A multishot accept stays armed while a whole backlog fits below the connection limit; nearer to it connections are accepted one
// by one, and at the limit not at all: clients then wait in the kernel's backlog. A failed accept (no descriptors, no memory) is
// counted and tried again after a pause.
//
// Thread: owning core only. Lifetime: part of its Server; not destroyed before is_quiet().
#pragma once

#include <cstdint>

#include "corering/mem/object_pool.h"
#include "corering/net/transport.h"
#include "corering/ring/operations.h"

namespace corering::net {

class Server;

class Listener {
 public:
  // Takes ownership of the listening descriptor.
  Listener(Server& server, Transport& transport, int fd) noexcept;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  // Arms the accept that suits the room left. Called at start and whenever a connection has gone.
  void arm();

  // Accepts no more, and closes the listening socket as soon as nothing is in flight on it: new clients are refused instead of
  // left waiting.
  void stop();

  bool is_quiet() const noexcept { return !accept_.in_flight() && !cancel_.in_flight() && refusals_.live() == 0; }

 private:
  // A socket that was accepted and may not stay: closed without having become a connection.
  struct Refusal {
    explicit Refusal(Listener& owner) : listener(owner) {}
    void on_closed(ring::IoResult) { listener.refusals_.give_back(*this); }

    Listener& listener;
    ring::Completion close = ring::Completion::to<&Refusal::on_closed>(this);
  };

  enum class Mode : std::uint8_t { multishot, one_by_one, paused };

  Mode fitting_mode() const noexcept;
  void on_accept(ring::IoResult result);
  void on_cancel(ring::IoResult result);
  void close_if_stopped();
  void cancel_accept();
  void refuse(ring::FileRef socket);

  Server& server_;
  Transport& transport_;
  int fd_;  // -1 once it is closed
  const ring::AcceptInto into_;
  bool stopped_ = false;
  Mode mode_ = Mode::paused;  // of accept_ while it is in flight
  ring::Completion accept_ = ring::Completion::to<&Listener::on_accept>(this);
  ring::Completion cancel_ = ring::Completion::to<&Listener::on_cancel>(this);
  ZeroCopyTrial trial_;  // of all its connections together
  mem::ObjectPool<Refusal> refusals_{{.room = mem::Room::net}};
  sched::Timer backoff_ = sched::Timer::to<&Listener::arm>(this);
};

}  // namespace corering::net
