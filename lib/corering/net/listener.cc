#include "corering/net/listener.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "corering/net/server.h"
#include "corering/sys/listen_socket.h"

namespace corering::net {

namespace {

// The connection was gone before it was accepted; the next may be sound.
bool is_passing(int error) { return error == ECONNABORTED || error == EPROTO || error == EINTR || error == EAGAIN; }

}  // namespace

Listener::Listener(Server& server, Transport& transport, int fd) noexcept
    : server_(server),
      transport_(transport),
      fd_(fd),
      into_(transport.core().has_direct_descriptors() ? ring::AcceptInto::direct_slots : ring::AcceptInto::descriptors) {}

Listener::~Listener() {
  transport_.core().timers().stop(backoff_);
  if (fd_ >= 0) transport_.ring().backend().close_fd(fd_);
}

// A multishot accept takes all that waits in one go: a whole backlog, of each listener.
Listener::Mode Listener::fitting_mode() const noexcept {
  const std::size_t room = server_.room();
  if (room > sys::kListenBacklog * server_.listener_count()) return Mode::multishot;
  return room > 0 ? Mode::one_by_one : Mode::paused;
}

void Listener::arm() {
  if (stopped_ || accept_.in_flight() || cancel_.in_flight() || backoff_.is_running()) return;
  mode_ = fitting_mode();
  if (mode_ == Mode::paused) {
    transport_.counters().accept_pauses.add();
    return;
  }
  ring::Sqe& sqe = transport_.ring().require_sqe(accept_);
  const ring::FileRef listener{fd_, ring::FileRef::Kind::descriptor};
  if (mode_ == Mode::multishot) {
    ring::prepare_accept_multishot(sqe, listener, into_);
  } else {
    ring::prepare_accept(sqe, listener, into_);
  }
}

void Listener::stop() {
  stopped_ = true;
  transport_.core().timers().stop(backoff_);
  cancel_accept();
  close_if_stopped();
}

void Listener::close_if_stopped() {
  if (!stopped_ || fd_ < 0 || accept_.in_flight() || cancel_.in_flight()) return;
  transport_.ring().backend().close_fd(std::exchange(fd_, -1));
}

void Listener::on_cancel(ring::IoResult) {
  arm();
  close_if_stopped();
}

void Listener::cancel_accept() {
  if (accept_.in_flight() && !cancel_.in_flight()) ring::prepare_cancel(transport_.ring().require_sqe(cancel_), accept_);
}

void Listener::on_accept(ring::IoResult result) {
  if (!result.failed()) {
    const auto kind = into_ == ring::AcceptInto::direct_slots ? ring::FileRef::Kind::direct : ring::FileRef::Kind::descriptor;
    const ring::FileRef socket{result.value, kind};
    if (stopped_ || !server_.try_open(socket, trial_)) refuse(socket);
    if (result.more() && mode_ != fitting_mode()) cancel_accept();
  } else if (result.value != -ECANCELED && !is_passing(-result.value)) {
    transport_.counters().accept_failures.add();
    if (!stopped_) transport_.core().timers().start(backoff_, transport_.core().now() + transport_.limits().accept_backoff);
  }
  arm();
  close_if_stopped();
}

// Without memory the socket is closed all the same; only is_quiet does not wait for it then.
void Listener::refuse(ring::FileRef socket) {
  transport_.counters().refused.add();
  Refusal* const refusal = refusals_.try_borrow(*this);
  ring::prepare_close(refusal != nullptr ? transport_.ring().require_sqe(refusal->close) : transport_.ring().require_sqe(), socket);
}

}  // namespace corering::net
