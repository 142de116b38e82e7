// Connection: one socket, accepted or dialed: its reading half, its writing half, and the order in which it comes to an end.
//
//   open ──► draining ──► closing ──► closed
//     │  no new reads;     our end is told (shutdown), the peer's awaited for a while;
//     │  what is received  what is in flight is cancelled and awaited; then the
//     │  is answered,      descriptor is closed
//     │  what is queued
//     │  leaves                ▲
//     └──── abort ─────────────┘
//
// The kernel holds pointers into this object while anything is in flight, so it is given back only after the last terminal
// completion: that of its own close. It follows that a connection never dies inside a hook of its session.
//
// Thread: owning core only. Lifetime: borrowed from the pool of its Server or Dialer; valid for a session until on_close has returned.
#pragma once

#include <cstdint>

#include "corering/base/intrusive.h"
#include "corering/net/awaiter.h"
#include "corering/net/receiver.h"
#include "corering/net/sender.h"
#include "corering/net/transport.h"

namespace corering::net {

class Session;
struct ConnectionTag;

enum class ConnectionState : std::uint8_t { open, draining, closing, closed };

class Connection;

// Whoever made a connection and takes it back when it has closed: Server or Dialer.
class ConnectionOwner {
 public:
  // on_close was the session's last call; the connection is destroyed here.
  virtual void release(Connection& connection) noexcept = 0;

 protected:
  ~ConnectionOwner() = default;
};

class Connection : public base::ListHook<ConnectionTag> {
 public:
  Connection(ConnectionOwner& owner, Transport& transport, ring::FileRef socket, ZeroCopyTrial& listener_trial) noexcept;
  ~Connection();

  // For sessions.

  // What has been received and not consumed.
  SliceQueue& input() noexcept { return receiver_.input(); }

  // Landing read: the next into.size() bytes (> 0) are received directly into memory of the session, then on_landed is called; until
  // then there is no on_data. What the input already holds is copied. If the stream ends before, on_end is called, and
  // landed_bytes() tells how many came. `into` belongs to the connection until on_landed or on_end, or else on_close. Worth it from
  // a few chunks up. Outside of a hook, call resume() afterwards. Requires: no landing is under way.
  void land(base::MutableBytes into);
  std::size_t landed_bytes() const noexcept { return receiver_.landed_bytes(); }

  // Puts small pieces of the input together; counted as copied. True if that made room for more.
  bool compact_input();

  // Queues bytes for the peer; they leave at the end of the turn. After finish or abort they are dropped.
  void send(Slice slice) noexcept;

  // Queues a copy of the bytes. All or nothing: false if there are too few free chunks. on_drain is then called when some have come
  // home, and on_data not before. Requires: at most write_bytes_max() bytes, which there will be room for sooner or later.
  bool try_write(base::ByteView bytes);
  std::size_t write_bytes_max() const noexcept {
    return transport_.core().writers_chunks() * transport_.core().chunks().chunk_bytes();
  }

  // For replies that are composed where they are sent from: a place behind what is queued, at least bytes_min long (and at most a
  // chunk); write there, then call end_write with how much it is. `bytes_wanted` is a guess of how much will be written in all. Empty, and
  // on_drain is called as for try_write, if there are too few free chunks; empty, too, after finish or abort: whatever is written then is
  // dropped. No other call in between. When chunks are short, one with nothing queued is given of the reserve, which its peer may keep by
  // not reading; a session that can lend memory of its own instead says WhenShort::refuse, and there is room when that has left.
  base::MutableBytes try_begin_write(std::size_t bytes_min, std::size_t bytes_wanted = 0,
                                     WhenShort when_short = WhenShort::use_reserve);
  void end_write(std::size_t bytes) noexcept;

  // Queues bytes that stay where they are. False, and counted, if too many are lent already: copy them, or wait. After finish or abort
  // they are taken back at once.
  bool try_send_lent(base::ByteView bytes, Lender lender);

  // Calls on_data again, for what is left in the input, and reads on. For sessions that have consumed outside of on_data, or
  // waited for something else than bytes.
  void resume();

  // The session has said all: nothing more is read, what is queued leaves, then the connection closes.
  void finish();

  // Closes now; what is queued is dropped.
  void abort();
  void abort_for_overflow();  // the same, counted as an input overflow

  std::size_t queued_bytes() const noexcept { return sender_.queued_bytes(); }

  // To ask the kernel about it; whatever is received and sent is the connection's affair.
  ring::FileRef socket() const noexcept { return socket_; }

  // Replies wait for the peer, or for chunks: on_data is not called before on_drain.
  bool is_above_high_mark() const noexcept { return above_high_ || lacks_chunks_; }

  // Keeps the connection from being given back, though not from closing, while something outside still refers to it.
  void hold() noexcept { ++holds_; }
  void unhold();

  // For coroutines: see coroutine_session.h and dialer.h. A wait ends at once when its task is cancelled, for instance by with_timeout.

  // Waits for bytes. The result is empty when no more will come, or when the task is cancelled: then the connection is as it was.
  ReceiveAwaiter receive() noexcept { return ReceiveAwaiter(*this); }

  // A landing read: see land. The result is the number of bytes that came: fewer than asked for at the end of the stream.
  // Cancelled, it breaks the connection off: what has landed cannot go back to the stream.
  LandingAwaiter receive_into(base::MutableBytes into) noexcept { return {*this, into}; }

  // Queues the slice, then waits while the send queue is above its high mark. False: the connection is closing, and the
  // peer may not get it; or the task is cancelled.
  SendAwaiter send_with_backpressure(Slice slice) noexcept;

  // The coroutine that may wait for the connection is destroyed: true if it did. Requires: it is not inside receive_into.
  bool forget_waiter() noexcept { return waiter_.forget(); }

  // For the owner.
  void start(Session& session);
  void drain();
  Session& session() noexcept { return *session_; }
  ConnectionState state() const noexcept { return state_; }
  Transport& transport() noexcept { return transport_; }

 private:
  friend class Receiver;
  friend class Sender;
  friend class ReceiveAwaiter;
  friend class LandingAwaiter;
  friend class SendAwaiter;
  friend class AwaitedSession;  // wakes waiter_
  friend class Waiter;

  // From the halves.
  void on_received();
  void on_sent();
  void on_peer_failed();

  enum class Manner : std::uint8_t { orderly, at_once };

  void deliver();
  bool deliver_landing();
  void deliver_data();
  void on_chunks();
  void await_more_chunks();
  void regulate();
  void begin_draining();
  void begin_closing(Manner manner);
  void shrink_input();
  void break_off();
  void advance();
  void close_if_quiet();
  void shut_down_writing();
  void note_queue_growth() noexcept;
  void touch() noexcept { last_active_ = transport_.core().now(); }
  void on_timer();
  void on_closed(ring::IoResult result);
  void on_shut_down(ring::IoResult result);
  bool has_no_more_input() noexcept { return finished_ || (end_told_ && input().empty()) || state_ >= ConnectionState::closing; }
  bool is_input_full() noexcept { return input().count() >= transport_.limits().input_chunks_max; }
  bool is_input_too_large() noexcept {
    return is_input_full() || (!input().empty() && transport_.core().receive_buffers().is_short());
  }
  bool is_finished_with_input() const noexcept { return end_told_ || finished_ || state_ >= ConnectionState::closing; }
  bool input_is_complete() const noexcept {
    return receiver_.has_ended() || (state_ != ConnectionState::open && !receiver_.is_armed());
  }

  ConnectionOwner& owner_;
  Transport& transport_;
  const ring::FileRef socket_;
  Session* session_ = nullptr;
  ConnectionState state_ = ConnectionState::open;
  bool finished_ = false;      // the session has said all
  bool end_told_ = false;      // on_end was called
  bool above_high_ = false;    // the send queue is between its high mark and its low mark, from above
  bool landing_due_ = false;   // land was called, on_landed was not
  bool lacks_chunks_ = false;  // try_write found too few, on_drain is due
  bool delivering_ = false;
  bool lingering_ = false;  // closing, our end is told, the peer's is awaited
  std::uint32_t holds_ = 0;
  base::Instant last_active_;
  Receiver receiver_;
  Sender sender_;
  Waiter waiter_;
  runtime::Flushable chunk_waiter_ = runtime::Flushable::to<&Connection::on_chunks>(this);
  sched::Timer timer_ = sched::Timer::to<&Connection::on_timer>(this);  // idle while open, linger while closing
  ring::Completion close_ = ring::Completion::to<&Connection::on_closed>(this);
  ring::Completion shutdown_ = ring::Completion::to<&Connection::on_shut_down>(this);
};

}  // namespace corering::net
