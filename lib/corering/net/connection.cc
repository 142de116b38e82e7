#include "corering/net/connection.h"

#include <sys/socket.h>

#include <algorithm>

#include "corering/base/tracepoint.h"
#include "corering/net/session.h"

namespace corering::net {

Connection::Connection(ConnectionOwner& owner, Transport& transport, ring::FileRef socket, ZeroCopyTrial& listener_trial) noexcept
    : owner_(owner),
      transport_(transport),
      socket_(socket),
      last_active_(transport.core().now()),
      receiver_(transport, *this, socket),
      sender_(transport, *this, socket, listener_trial),
      waiter_(*this) {}

Connection::~Connection() {
  transport_.core().timers().stop(timer_);
  transport_.core().forget_chunks(chunk_waiter_);
}

void Connection::start(Session& session) {
  session_ = &session;
  if (const base::Duration idle = transport_.limits().idle_timeout; idle > base::Duration::zero()) {
    transport_.core().timers().start(timer_, last_active_ + idle);
  }
  receiver_.arm();
  session_->on_open(*this);
}

void Connection::send(Slice slice) noexcept {
  if (finished_ || !slice) return;
  sender_.push(std::move(slice));
  note_queue_growth();
}

bool Connection::try_write(base::ByteView bytes) {
  if (finished_) return true;
  CORERING_ASSERT(bytes.size() <= write_bytes_max(), "try_write is asked for more than can be promised");
  if (!sender_.try_write(bytes)) {
    await_more_chunks();
    return false;
  }
  note_queue_growth();
  return true;
}

base::MutableBytes Connection::try_begin_write(std::size_t bytes_min, std::size_t bytes_wanted, WhenShort when_short) {
  if (finished_) return {};
  CORERING_ASSERT(bytes_min <= transport_.core().chunks().chunk_bytes(), "more is to be written in one piece than a chunk holds");
  const base::MutableBytes place = sender_.try_begin_write(bytes_min, bytes_wanted, when_short);
  if (place.empty()) await_more_chunks();
  return place;
}

void Connection::end_write(std::size_t bytes) noexcept {
  sender_.end_write(bytes);
  note_queue_growth();
}

bool Connection::try_send_lent(base::ByteView bytes, Lender lender) {
  // One at a time each may always have, or those who do not read could keep all of them.
  const auto bound = sender_.queued_chunks() == 0 ? SlicePool::Bound::none : SlicePool::Bound::lent_max;
  Slice slice = transport_.slices().try_lend(bytes, lender, bound);
  if (!slice) {
    transport_.counters().lending_refused.add();
    return false;
  }
  transport_.counters().lent_bytes.add(bytes.size());
  send(std::move(slice));
  return true;
}

void Connection::await_more_chunks() {
  lacks_chunks_ = true;
  transport_.counters().write_waits.add();
  transport_.core().await_more_chunks(chunk_waiter_);
}

void Connection::on_chunks() {
  // The few that came home are for others: to this one there is room when what it has queued has left.
  if (!sender_.is_idle() && transport_.core().receive_buffers().is_short()) {
    transport_.core().await_more_chunks(chunk_waiter_);
    return;
  }
  lacks_chunks_ = false;
  if (state_ < ConnectionState::closing && !above_high_) {
    session_->on_drain(*this);
    deliver();
  }
  advance();
}

void Connection::resume() {
  deliver();
  advance();
}

void Connection::note_queue_growth() noexcept {
  const Limits& limits = transport_.limits();
  const std::size_t share = std::max<std::size_t>(transport_.core().chunks().free_count() / limits.send_queue_free_divisor, 1);
  const std::size_t chunks_high = std::min(limits.send_queue_chunks_high, share);
  if (sender_.queued_bytes() > limits.send_queue_bytes_high || sender_.queued_chunks() > chunks_high) above_high_ = true;
}

bool Connection::compact_input() {
  transport_.counters().copied_bytes.add(input().compact());
  if (!input().empty() && transport_.core().receive_buffers().is_short()) shrink_input();
  return !is_input_full();
}

// A few bytes of a message whose rest may never come need not hold a chunk that others are waiting for.
void Connection::shrink_input() {
  mem::Chunk chunk = transport_.core().try_borrow_small(input().bytes());
  if (!chunk || chunk.bytes().size() >= input().front_chunk_bytes()) return;
  transport_.counters().copied_bytes.add(input().bytes());
  input().move_to(std::move(chunk));
}

SendAwaiter Connection::send_with_backpressure(Slice slice) noexcept {
  send(std::move(slice));
  regulate();
  return SendAwaiter(*this);
}

void Connection::finish() {
  if (state_ >= ConnectionState::closing) return;
  finished_ = true;
  receiver_.discard();
  begin_draining();
  advance();
}

void Connection::abort() {
  if (state_ >= ConnectionState::closing && !lingering_) return;
  transport_.counters().aborted.add();
  begin_closing(Manner::at_once);
}

void Connection::abort_for_overflow() {
  transport_.counters().input_overflows.add();
  abort();
}

void Connection::drain() {
  begin_draining();
  deliver();
  advance();
}

void Connection::unhold() {
  --holds_;
  advance();
}

void Connection::on_received() {
  touch();
  if (receiver_.has_ended()) begin_draining();
  deliver();
  advance();
}

void Connection::on_sent() {
  touch();
  const Limits& limits = transport_.limits();
  const bool was_above = is_above_high_mark();
  if (sender_.queued_bytes() <= limits.send_queue_bytes_low && sender_.queued_chunks() <= limits.send_queue_chunks_low) {
    above_high_ = false;
  }
  // What was queued may have held no chunk, so that none comes home; but to one with nothing queued the reserve is open.
  if (lacks_chunks_ && sender_.is_idle()) {
    lacks_chunks_ = false;
    transport_.core().forget_chunks(chunk_waiter_);
  }
  if (was_above && !is_above_high_mark()) {
    if (state_ < ConnectionState::closing) session_->on_drain(*this);
    deliver();
  }
  advance();
}

void Connection::on_peer_failed() {
  if (state_ < ConnectionState::closing) transport_.counters().peer_failures.add();
  begin_closing(Manner::at_once);
}

// Replies first: a session sees no new data while its peer does not take the old replies.
void Connection::deliver() {
  if (finished_ || state_ >= ConnectionState::closing || delivering_) return;
  delivering_ = true;
  // A landing may begin in on_data and complete from the input, and then there may be data again.
  do {
    deliver_data();
  } while (deliver_landing());
  if (!finished_ && !end_told_ && !is_above_high_mark() && state_ < ConnectionState::closing && input_is_complete()) {
    end_told_ = true;
    receiver_.stop_landing();
    landing_due_ = false;
    session_->on_end(*this);
  }
  delivering_ = false;
  regulate();
}

void Connection::deliver_data() {
  if (finished_ || landing_due_ || input().empty() || is_above_high_mark()) return;
  session_->on_data(*this);
  const bool is_settled = finished_ || landing_due_ || is_above_high_mark();
  if (!is_settled && is_input_too_large()) session_->on_input_full(*this);
}

// True if a landing is complete and there may be more to deliver.
bool Connection::deliver_landing() {
  if (!landing_due_ || finished_ || (receiver_.is_landing() && !receiver_.absorb_input())) return false;
  landing_due_ = false;
  session_->on_landed(*this);
  return !finished_ && !is_above_high_mark() && (landing_due_ || !input().empty());
}

void Connection::land(base::MutableBytes into) {
  CORERING_ASSERT(!landing_due_ && !into.empty(), "a landing read begins before the last one has ended, or is empty");
  if (finished_) return;
  landing_due_ = true;
  end_told_ = false;  // if the end came before, it is told again: as on_landed, or as the end
  receiver_.land(into);
}

// Reads, or stops reading, as the session and the peer keep up.
void Connection::regulate() {
  if (state_ != ConnectionState::open) return;
  if (!is_above_high_mark() && !is_input_full()) {
    receiver_.arm();
  } else if (receiver_.stop()) {
    transport_.counters().throttled.add();
  }
}

void Connection::begin_draining() {
  if (state_ != ConnectionState::open) return;
  state_ = ConnectionState::draining;
  receiver_.stop();
}

void Connection::begin_closing(Manner manner) {
  // From the close on the descriptor may be a stranger's.
  if (state_ == ConnectionState::closed || close_.in_flight()) return;
  state_ = ConnectionState::closing;
  finished_ = true;
  // A coroutine that waits for a landing has lent its memory to the kernel: it goes on when the kernel has let go.
  if (receiver_.is_quiet() || waiter_.waits_for() != Waiter::For::landing) waiter_.wake();
  receiver_.discard();
  sender_.drop();  // an orderly close finds it idle: whatever a session sends from now on is dropped
  const bool is_orderly = manner == Manner::orderly;
  lingering_ = is_orderly && !receiver_.has_ended();
  if (lingering_) {
    shut_down_writing();
    // Closing a socket whose peer still sends would answer with a reset, and a reset can overtake our last bytes.
    transport_.core().timers().start(timer_, transport_.core().now() + transport_.limits().linger_timeout);
  } else {
    transport_.core().timers().stop(timer_);
    receiver_.stop();
    if (!is_orderly && !socket_.is_direct()) break_off();
  }
  close_if_quiet();
}

// Ends what is in flight, and makes the kernel let go of memory that a stalled peer would otherwise keep from us.
void Connection::break_off() {
  const bool kernel_holds_on = !receiver_.is_quiet() || !sender_.is_quiet();
  if (kernel_holds_on) transport_.ring().backend().shutdown_socket(socket_.index, SHUT_RDWR);
  if (sender_.holds_memory()) transport_.ring().backend().reset_socket(socket_.index);
}

// The steps that wait for something, taken as soon as they can be.
void Connection::advance() {
  if (state_ == ConnectionState::draining && finished_ && sender_.is_idle() && receiver_.is_quiet()) begin_closing(Manner::orderly);
  close_if_quiet();
}

void Connection::close_if_quiet() {
  if (state_ != ConnectionState::closing || close_.in_flight()) return;
  if (lingering_) {
    if (!receiver_.has_ended()) {
      receiver_.arm();  // what still comes is discarded
      return;
    }
    lingering_ = false;
    transport_.core().timers().stop(timer_);
  }
  if (receiver_.is_quiet()) waiter_.wake();
  if (holds_ != 0 || !receiver_.is_quiet() || !sender_.is_quiet() || shutdown_.in_flight()) return;
  ring::prepare_close(transport_.ring().require_sqe(close_), socket_);
}

void Connection::shut_down_writing() {
  if (socket_.is_direct()) {
    ring::prepare_shutdown(transport_.ring().require_sqe(shutdown_), socket_, SHUT_WR);
  } else {
    transport_.ring().backend().shutdown_socket(socket_.index, SHUT_WR);
  }
}

void Connection::on_timer() {
  if (lingering_) {
    lingering_ = false;
    receiver_.stop();
    close_if_quiet();
    return;
  }
  const base::Duration idle_max = transport_.limits().idle_timeout;
  if (transport_.core().now() - last_active_ < idle_max) {
    transport_.core().timers().start(timer_, last_active_ + idle_max);
    return;
  }
  transport_.counters().timed_out.add();
  if (sender_.is_idle()) {
    finish();
  } else {
    abort();  // the peer takes nothing: an orderly end would wait for it forever
  }
}

void Connection::on_shut_down(ring::IoResult) { close_if_quiet(); }

void Connection::on_closed(ring::IoResult) {
  state_ = ConnectionState::closed;
  transport_.counters().closed.add();
  CORERING_TRACE(close, transport_.core().id().value, this);
  session_->on_close(*this);
  owner_.release(*this);  // *this is gone
}

}  // namespace corering::net
