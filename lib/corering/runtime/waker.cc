#include "corering/runtime/waker.h"

#include "corering/ring/operations.h"
#include "corering/sys/kernel_version.h"

namespace corering::runtime {

namespace {

// Since Linux 6.11 a message to a ring of DEFER_TASKRUN is one entry in its completion list; before, it waited for task work of the
// sleeping thread to be allocated and run.
bool is_quick_at_messages() {
  const sys::KernelVersion kernel = sys::kernel_version();
  return kernel >= sys::KernelVersion{6, 11};
}

bool wakes_by_message(const ring::Ring& from, WakeBy how) {
  if (how == WakeBy::event || !from.features().has(ring::Feature::message_ring)) return false;
  return how == WakeBy::message_ring || is_quick_at_messages();
}

}  // namespace

Waker::~Waker() {
  ring_.retire(message_);
  if (event_fd_ >= 0) ring_.backend().close_fd(event_fd_);
}

base::Result<> Waker::open() {
  auto fd = ring_.backend().open_event();
  if (!fd) return base::failure(std::move(fd.error()));
  event_fd_ = *fd;
  return {};
}

void Waker::start() {
  ring_.adopt(message_);
  read_event();
}

void Waker::stop() {
  stopping_ = true;
  if (event_read_.in_flight() && !cancel_.in_flight()) ring::prepare_cancel(ring_.require_sqe(cancel_), event_read_);
}

void Waker::read_event() {
  ring::prepare_read(ring_.require_sqe(event_read_), {event_fd_, ring::FileRef::Kind::descriptor},
                     std::as_writable_bytes(std::span(&event_value_, 1)));
}

void Waker::on_event(ring::IoResult) {
  wake_ups_.add();
  if (!stopping_) read_event();
}

void Waker::on_message(ring::IoResult) { wake_ups_.add(); }

RemoteWaker::RemoteWaker(ring::Ring& from, Waker& target, WakeBy how) noexcept
    : from_(from), target_(target), by_message_(wakes_by_message(from, how)) {
  from_.adopt(failure_);
}

RemoteWaker::~RemoteWaker() { from_.retire(failure_); }

void RemoteWaker::wake() {
  if (!by_message_) {
    target_.signal();
    return;
  }
  ring::Sqe& sqe = from_.require_sqe_for_adopted(failure_);
  ring::prepare_message_ring(sqe, target_.ring_.fd(), target_.message_, 0);
  // A message that arrives is not worth a completion here, which would only end this core's own sleep.
  sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
}

// A sleeper that nobody wakes would sleep for ever on its messages.
void RemoteWaker::on_failure(ring::IoResult) { target_.signal(); }

}  // namespace corering::runtime
