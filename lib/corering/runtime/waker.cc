#include "corering/runtime/waker.h"

#include "corering/ring/operations.h"

namespace corering::runtime {

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

void Waker::wake_from(ring::Ring& from) noexcept {
  if (!from.features().has(ring::Feature::message_ring)) {
    signal();
    return;
  }
  ring::Sqe& sqe = from.require_sqe();
  ring::prepare_message_ring(sqe, ring_.fd(), message_, 0);
  // Nobody asks whether it arrived: the sleeping core must not be gone before all cores are done.
  sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
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

}  // namespace corering::runtime
