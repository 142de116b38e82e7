#include "kv/session/resp_session.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "corering/base/bytes.h"

namespace kv {

using corering::net::Connection;
using protocol::Outcome;
using protocol::Trust;

namespace {

constexpr std::size_t kRequestBytesMax = std::size_t{1} << 30;
constexpr std::size_t kStrangerRequestBytesMax = std::size_t{1} << 20;

// Parsed ahead where they are carried out at once: what the nearest cache holds.
constexpr unsigned kAheadMax = 32;

// Of one reply, most of the time: to choose between a small chunk and a large one.
constexpr std::size_t kReplyBytes = 96;

protocol::RespLimits limits_of(Server& server) {
  protocol::RespLimits limits;
  limits.bulk_bytes_max = server.configuration().value_bytes_max;
  return limits;
}

}  // namespace

RespSession::RespSession(Server& server, BatchPool& batches, Connection& connection)
    : Client(server, ClientProtocol::resp),
      server_(server),
      connection_(connection),
      batches_(batches),
      sink_(server, connection),
      writer_(sink_, version),
      reader_(protocol::RespParser(limits_of(server)), kRequestBytesMax) {
  on_authenticated();
  writer_.observe_errors(server_.statistics().by_command);
  server_.join(*this);
}

RespSession::~RespSession() { drop_requests(); }

void RespSession::on_authenticated() {
  reader_.parser().set_trust(is_stranger() ? Trust::stranger : Trust::trusted);
  reader_.set_request_bytes_max(is_stranger() ? kStrangerRequestBytesMax : kRequestBytesMax);
}

void RespSession::on_data(Connection&) {
  active_at = server_.core().now();
  work();
}

// Whatever is left waits for something; the last piece of a request moves into the reader.
void RespSession::on_input_full(Connection&) {}

void RespSession::on_end(Connection&) {
  has_ended_ = true;
  if (wait_ == Wait::landing) {
    wait_ = Wait::nothing;
    drop_requests();
  }
  work();
}

void RespSession::on_drain(Connection&) { work(); }

void RespSession::on_close(Connection&) {
  if (wait_ == Wait::pause) server_.forget_pause(*this);
  wait_ = Wait::nothing;
  drop_requests();
  server_.leave(*this);
}

std::size_t RespSession::input_bytes() const noexcept {
  return connection_.input().bytes() + reader_.kept_bytes() + reader_.rest().size();
}

void RespSession::send_out_of_turn(std::string_view bytes) {
  const auto treatment = sink_.treatment();
  writer_.flush();
  sink_.treat(ConnectionSink::Treatment::send);
  sink_.copy(bytes);
  sink_.treat(treatment);
  regulate_output();
}

// A client that does not take its replies is not read from; what is told to it nevertheless has a limit.
void RespSession::regulate_output() {
  const Configuration& configuration = server_.configuration();
  const OutputLimit& limit = subscriptions.empty() && !is_monitor ? configuration.normal_limit : configuration.pubsub_limit;
  const std::size_t bytes = sink_.bytes();
  const corering::base::Instant now = server_.core().now();
  if (limit.soft_bytes == 0 || bytes <= limit.soft_bytes) {
    above_soft_limit_since_ = corering::base::Instant::never();
  } else if (above_soft_limit_since_ == corering::base::Instant::never()) {
    above_soft_limit_since_ = now;
  }
  const bool is_above_for_long = above_soft_limit_since_ != corering::base::Instant::never() &&
                                 now - above_soft_limit_since_ > std::chrono::seconds(limit.soft_seconds);
  if ((limit.hard_bytes != 0 && bytes > limit.hard_bytes) || is_above_for_long) {
    server_.statistics().output_overflows.add();
    connection_.abort();
  }
}

// --- working

void RespSession::work() {
  if (is_working_) return;
  is_working_ = true;
  while (advance()) {
  }
  is_working_ = false;
  writer_.flush();
  if (is_closing()) return;
  if (sink_.bytes() > kOutputToRegulate) regulate_output();
  const bool may_keep = wait_ == Wait::nothing || wait_ == Wait::pause;
  if (piece_ && may_keep && server_.core().receive_buffers().is_short()) keep_piece();
  if (wait_ != Wait::nothing || sink_.is_loaded()) return;
  const bool has_more = batch_ != nullptr || has_piece() || !connection_.input().empty();
  if (is_over_ || (has_ended_ && !has_more)) connection_.finish();
}

// One step; false if there is nothing to do, or something to wait for.
bool RespSession::advance() {
  if (wait_ != Wait::nothing || is_over_ || is_closing() || !sink_.try_unload()) return false;
  if (batch_ == nullptr && !parse()) return false;
  if (connection_.is_above_high_mark()) return false;
  step();
  if (batch_ != nullptr && batch_->is_done() && wait_ == Wait::nothing) end_batch();
  return true;
}

// What has landed was the value of one of its requests.
void RespSession::end_batch() noexcept {
  batches_.give_back(*std::exchange(batch_, nullptr));
  if (!landing_.is_empty()) server_.drop(landing_);
}

// --- parsing ahead

// True if there are requests to execute.
bool RespSession::parse() {
  for (;;) {
    if (outcome_ == Outcome::value) {
      if (!begin_landing()) return false;
    } else if (outcome_ != Outcome::request && outcome_ != Outcome::incomplete) {
      break_off();
      return false;
    }
    if (!has_piece() && !take_piece()) return false;
    fill(is_stranger() ? 1 : server_.core_count() == 1 ? kAheadMax : RequestBatch::kRequestsMax);
    if (batch_ != nullptr) return true;
    if (outcome_ == Outcome::incomplete) release_piece();
  }
}

bool RespSession::take_piece() {
  if (connection_.input().empty()) return false;
  piece_ = connection_.input().pop_front();
  reader_.feed(corering::base::text_of(piece_.bytes()));
  return true;
}

// Requests of a client that does not take its replies may wait for long: not in a chunk that others are waiting for.
void RespSession::keep_piece() {
  const std::string_view from = corering::base::text_of(piece_.bytes());
  kept_piece_ = std::make_unique_for_overwrite<char[]>(from.size());
  std::memcpy(kept_piece_.get(), from.data(), from.size());
  if (batch_ != nullptr) {
    for (unsigned index = batch_->next; index < batch_->count; ++index) {
      batch_->requests[index].move_views(from, kept_piece_.get());
    }
  }
  unfinished_.move_views(from, kept_piece_.get());  // if a large value begins, they are not in the reader yet
  reader_.on_piece_moved({kept_piece_.get(), from.size()});
  piece_ = {};
}

// What ends the piece is dealt with when the requests before it are done.
void RespSession::fill(unsigned count_max) {
  RequestBatch& batch = batches_.borrow();
  batch.requests[0].take(unfinished_);
  do {
    outcome_ = reader_.next(batch.requests[batch.count]);
  } while (outcome_ == Outcome::request && ++batch.count < count_max);
  if (outcome_ != Outcome::request) unfinished_.take(batch.requests[batch.count]);
  if (batch.count == 0) {
    batches_.give_back(batch);
  } else {
    batch_ = &batch;
    sink_.expect(batch.count * kReplyBytes);
  }
}

// The stream cannot be understood any further.
void RespSession::break_off() {
  is_over_ = true;
  if (outcome_ == Outcome::intruder) {
    server_.statistics().intruders.add();
    connection_.abort();
    return;
  }
  server_.statistics().protocol_errors.add();
  const std::string_view text = reader_.is_too_large() ? "Protocol error: request too large" : reader_.parser().error();
  writer_.error("ERR " + std::string(text));
}

void RespSession::drop_requests() noexcept {
  if (batch_ != nullptr) batches_.give_back(*std::exchange(batch_, nullptr));
  release_piece();
  unfinished_.clear();
  server_.drop(landing_);
}

// --- waiting

void RespSession::wake() {
  const bool held = std::exchange(wait_, Wait::nothing) != Wait::pause;
  if (is_closing()) {
    drop_requests();
  } else {
    if (batch_ != nullptr && batch_->is_done()) end_batch();
    work();
    connection_.resume();
  }
  if (held) connection_.unhold();
}

}  // namespace kv
