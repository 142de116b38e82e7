#include "corering/net/dial.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "corering/net/dialer.h"
#include "corering/sys/resolve.h"

namespace corering::net {

namespace {

base::Error no_memory() { return {base::ErrorCode::out_of_memory, 0, "there is no memory for another outgoing connection"}; }

}  // namespace

void Dial::refuse(sched::ReadyQueue& ready) {
  refusing_ = &ready;
  ready.push(refusal_);
}

void Dial::on_refused() {
  refusing_ = nullptr;
  handler_(owner_, base::failure(no_memory()));
}

void Dial::forget() noexcept {
  if (refusing_ != nullptr) std::exchange(refusing_, nullptr)->remove(refusal_);
  if (attempt_ != nullptr) std::exchange(attempt_, nullptr)->forget();
}

DialAttempt::DialAttempt(Dialer& dialer, Dial& dial, Session& session, Target target, const DialTimes& times)
    : dialer_(dialer), dial_(&dial), session_(session), target_(std::move(target)), times_(times), begun_(dialer.core().now()) {
  dial.attempt_ = this;
}

DialAttempt::~DialAttempt() {
  dialer_.core().timers().stop(timer_);
  dialer_.core().ready().remove(begin_);
}

// Not inside the call of whoever dials: a handler that is called before its dial has returned surprises everybody.
void DialAttempt::begin() { dialer_.core().ready().push(begin_); }

void DialAttempt::refuse(base::Error error) {
  refusal_ = std::move(error);
  dialer_.core().ready().push(begin_);
}

void DialAttempt::on_begun() {
  if (refusal_) {
    give_up(std::move(*refusal_));
    return;
  }
  if (const sys::SocketAddress* address = target_.address()) {
    addresses_.push_back(*address);
    try_next();
    return;
  }
  dialer_.counters().look_ups.add();
  auto started = look_up_.start(dialer_.core().offloads(), dialer_.options().resolve, target_.name().host, target_.name().port);
  if (!started) {
    dialer_.counters().look_up_failures.add();
    fail(std::move(started.error()));
    return;
  }
  dialer_.core().timers().start(timer_, begun_ + times_.total);
}

void DialAttempt::on_looked_up(base::Result<Addresses> result) {
  Addresses found = result ? std::move(*result) : Addresses(base::failure(std::move(result.error())));
  if (!found) {
    dialer_.counters().look_up_failures.add();
    fail(std::move(found.error()));
    return;
  }
  addresses_ = std::move(*found);
  try_next();
}

// Each address in turn, until one connects.
void DialAttempt::try_next() {
  while (!is_late_ && next_ < addresses_.size()) {
    if (try_connect(addresses_[next_++])) return;
  }
  fail(is_late_ ? time_is_up() : std::move(last_error_));
}

bool DialAttempt::try_connect(const sys::SocketAddress& address) {
  dialer_.counters().addresses_tried.add();
  auto fd = dialer_.ring().backend().open_socket(address.family());
  if (!fd) {
    last_error_ = std::move(fd.error());
    return false;
  }
  fd_ = *fd;
  const base::Instant end = begun_ + times_.total;
  const bool is_last = next_ == addresses_.size();
  dialer_.core().timers().start(timer_, is_last ? end : std::min(end, dialer_.core().now() + times_.per_address));
  ring::prepare_connect(dialer_.ring().require_sqe(connect_), {fd_, ring::FileRef::Kind::descriptor}, address);
  return true;
}

void DialAttempt::on_timer() {
  is_late_ = dialer_.core().now() >= begun_ + times_.total;
  if (connect_.in_flight()) {
    cancel_connect();
  } else {
    // The look-up goes on where it is; nobody waits for it.
    look_up_.forget();
    fail(time_is_up());
  }
}

void DialAttempt::cancel_connect() {
  if (connect_.in_flight() && !cancel_.in_flight()) ring::prepare_cancel(dialer_.ring().require_sqe(cancel_), connect_);
}

// A connection that comes in the same moment as its time-out is a connection.
void DialAttempt::on_connect(ring::IoResult result) {
  dialer_.core().timers().stop(timer_);
  if (!result.failed() && dial_ != nullptr) {
    Connection* const connection = dialer_.try_make_connection(fd_);
    if (connection == nullptr) return fail(no_memory());
    fd_ = -1;
    Dial& dial = *std::exchange(dial_, nullptr);
    dial.attempt_ = nullptr;
    dialer_.on_connected(dial, session_, *connection, dialer_.core().now() - begun_);
    release_if_quiet();
    return;
  }
  close_socket();
  const std::string where = addresses_[next_ - 1].text();
  last_error_ = result.value == -ECANCELED || !result.failed() ? base::os_error(ETIMEDOUT, "connecting to " + where)
                                                               : base::os_error(-result.value, "connecting to " + where);
  // A cancel under way still names connect_: the next address has to wait for it.
  if (cancel_.in_flight()) return;
  try_next();
}

void DialAttempt::on_cancel(ring::IoResult) {
  if (connect_.in_flight()) return;
  // The connect has ended, well (then there is nothing left to do) or not.
  if (dial_ == nullptr) {
    release_if_quiet();
  } else {
    try_next();
  }
}

// The handler may start and forget other dials; this attempt is there until the end of the function.
void DialAttempt::give_up(base::Error error) {
  is_late_ = true;
  if (Dial* const dial = std::exchange(dial_, nullptr)) {
    dialer_.counters().failed.add();
    dial->attempt_ = nullptr;
    dial->handler_(dial->owner_, base::failure(std::move(error)));
  }
  dialer_.core().timers().stop(timer_);
  dialer_.core().ready().remove(begin_);
  look_up_.forget();
  cancel_connect();
  release_if_quiet();
}

void DialAttempt::forget() {
  dial_ = nullptr;
  dialer_.counters().forgotten.add();
  give_up({});
}

void DialAttempt::fail(base::Error error) {
  if (error.os_error == ETIMEDOUT && dial_ != nullptr) dialer_.counters().timed_out.add();
  give_up(std::move(error));
}

void DialAttempt::close_socket() noexcept {
  if (fd_ >= 0) dialer_.ring().backend().close_fd(std::exchange(fd_, -1));
}

base::Error DialAttempt::time_is_up() const { return base::os_error(ETIMEDOUT, "connecting to " + target_.text()); }

void DialAttempt::release_if_quiet() {
  if (dial_ != nullptr || connect_.in_flight() || cancel_.in_flight()) return;
  close_socket();
  dialer_.release(*this);  // *this is gone
}

}  // namespace corering::net
