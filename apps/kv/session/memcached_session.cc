#include "kv/session/memcached_session.h"

#include <cstring>
#include <string>
#include <utility>

#include "corering/base/bytes.h"
#include "kv/commands/memcached_stats.h"
#include "kv/protocol/memcached_errors.h"

namespace kv {

using corering::net::Connection;
using protocol::MemcachedCommand;
using protocol::Outcome;

namespace {

constexpr std::size_t kRequestBytesMax = std::size_t{1} << 30;

protocol::MemcachedLimits limits_of(Server& server) {
  protocol::MemcachedLimits limits;
  limits.value_bytes_max = server.configuration().value_bytes_max;
  return limits;
}

}  // namespace

MemcachedSession::MemcachedSession(Server& server, Connection& connection)
    : Client(server, ClientProtocol::memcached),
      server_(server),
      connection_(connection),
      sink_(server, connection),
      writer_(sink_),
      reader_(protocol::MemcachedParser(limits_of(server)), kRequestBytesMax) {
  server_.join(*this);
}

MemcachedSession::~MemcachedSession() { drop(); }

void MemcachedSession::on_data(Connection&) {
  active_at = server_.core().now();
  work();
}

void MemcachedSession::on_landed(Connection&) {
  active_at = server_.core().now();
  wait_ = Wait::nothing;
  reader_.on_landed(landing_.value(), request_);
  work();
}

void MemcachedSession::on_end(Connection&) {
  has_ended_ = true;
  if (wait_ == Wait::landing) {
    wait_ = Wait::nothing;
    drop();
  }
  work();
}

void MemcachedSession::on_close(Connection&) {
  drop();
  server_.leave(*this);
}

std::size_t MemcachedSession::input_bytes() const noexcept {
  return connection_.input().bytes() + reader_.kept_bytes() + reader_.rest().size();
}

void MemcachedSession::drop() noexcept {
  release_piece();
  server_.drop(landing_);
}

void MemcachedSession::work() {
  while (advance()) {
  }
  writer_.flush();
  if (is_closing() || wait_ != Wait::nothing) return;
  if (piece_ && server_.core().receive_buffers().is_short()) keep_piece();
  if (sink_.is_loaded()) return;
  if (is_over_ || (has_ended_ && !has_piece() && connection_.input().empty())) connection_.finish();
}

bool MemcachedSession::advance() {
  if (wait_ != Wait::nothing || is_over_ || is_closing() || !sink_.try_unload() || connection_.is_above_high_mark()) return false;
  if (!has_piece()) {
    if (connection_.input().empty()) return false;
    piece_ = connection_.input().pop_front();
    sink_.expect(piece_.bytes().size());
    reader_.feed(corering::base::text_of(piece_.bytes()));
  }
  return take(reader_.next(request_));
}

// As RespSession::keep_piece; no request is at work.
void MemcachedSession::keep_piece() {
  const std::string_view from = corering::base::text_of(piece_.bytes());
  kept_piece_ = std::make_unique_for_overwrite<char[]>(from.size());
  std::memcpy(kept_piece_.get(), from.data(), from.size());
  reader_.on_piece_moved({kept_piece_.get(), from.size()});
  piece_ = {};
}

bool MemcachedSession::take(Outcome outcome) {
  switch (outcome) {
    case Outcome::request: dispatch(); return true;
    case Outcome::incomplete: release_piece(); return true;
    case Outcome::value: begin_landing(); return true;
    case Outcome::refused:
      server_.statistics().rejected_calls.add();
      if (!reader_.parser().error().empty()) writer_.line(reader_.parser().error());
      return true;
    case Outcome::broken:
      server_.statistics().protocol_errors.add();
      is_over_ = true;
      return false;
    case Outcome::intruder:
      server_.statistics().intruders.add();
      connection_.abort();
      return false;
  }
  return false;
}

// --- one command

void MemcachedSession::dispatch() {
  ++command_count;
  if (request_.command == MemcachedCommand::quit) {
    is_over_ = true;
    return;
  }
  if (request_.command == MemcachedCommand::stats) return write_statistics();
  const SlotMap& slots = server_.node().slots;
  const unsigned here = server_.number();
  unsigned core = here;
  bool has_keys = false;
  bool is_spread = request_.command == MemcachedCommand::flush_all && slots.core_count() > 1;
  for_each_key(request_, [&](std::string_view key) {
    const auto owner = static_cast<unsigned>(slots.core_of(key));
    is_spread |= has_keys && owner != core;
    has_keys = true;
    core = owner;
  });
  if (is_spread) return start_borrowing();
  if (!has_keys && request_.command != MemcachedCommand::flush_all) return run_here();
  unsigned number = 0;
  std::string_view key;
  if (landing_.is_reserved() && !server_.lending().is_home()) {
    wait_ = Wait::own_keys;
    connection_.hold();
    server_.lending().await(*this);
    return;
  }
  const bool is_ready = core == here && server_.lending().is_home() &&
                        (landing_.is_reserved() || !(server_.has_file() && find_cold_key(server_, 0, number, key)));
  if (is_ready) return run_here();
  start_errand(core);
}

void MemcachedSession::run_here() {
  server_.enter_turn();
  Database data = server_.database(0);
  MemcachedCall call{.request = request_,
                     .data = data,
                     .reply = writer_,
                     .now_ms = server_.now_ms(),
                     .landed = landing_.is_reserved() ? &landing_.reservation() : nullptr};
  execute(call);
  server_.statistics().commands.add();
  if (!landing_.is_empty()) server_.drop(landing_);
}

void MemcachedSession::write_statistics() { write_memcached_stats(server_, request_.keys, writer_); }

// --- large values

void MemcachedSession::begin_landing() {
  const std::size_t bytes = reader_.parser().value_bytes();
  const std::string_view key = request_.key;
  corering::cache::Reservation reservation;
  const bool stores = request_.command == MemcachedCommand::set || request_.command == MemcachedCommand::add ||
                      request_.command == MemcachedCommand::replace || request_.command == MemcachedCommand::cas;
  if (stores && server_.lending().is_home() && server_.node().slots.core_of(key) == server_.number()) {
    server_.enter_turn();
    reservation = server_.keyspace().try_reserve(0, key, bytes, reservation_options(request_, server_.now_ms()));
  }
  if (reservation) {
    landing_.begin(std::move(reservation));
  } else {
    landing_.begin(bytes);
  }
  landing_.append(reader_.land(request_));
  const std::string_view rest = reader_.rest();
  reader_.feed(rest.substr(landing_.append(rest)));
  if (landing_.is_full()) return reader_.on_landed(landing_.value(), request_);
  release_piece();
  wait_ = Wait::landing;
  connection_.land(landing_.rest());
}

// --- waiting

void MemcachedSession::wake() {
  wait_ = Wait::nothing;
  if (!landing_.is_empty()) server_.drop(landing_);
  if (is_closing()) {
    drop();
  } else {
    work();
    connection_.resume();
  }
  connection_.unhold();
}

void MemcachedSession::on_keys_home() {
  wait_ = Wait::nothing;
  run_here();
  wake();
}

void MemcachedSession::start_errand(unsigned core) {
  errand_ = &server_.borrow_errand(*this, core);
  errand_->add(0);
  wait_ = Wait::errand;
  is_starting_ = true;
  connection_.hold();
  errand_->start();
  is_starting_ = false;
  if (wait_ != Wait::nothing) return;
  if (!landing_.is_empty()) server_.drop(landing_);
  connection_.unhold();
}

void MemcachedSession::run(Server& there, unsigned, protocol::ReplySink& sink) {
  protocol::MemcachedWriter writer(sink);
  Database data = there.database(0);
  MemcachedCall call{.request = request_, .data = data, .reply = writer, .now_ms = there.now_ms()};
  execute(call);
  there.statistics().commands.add();
}

void MemcachedSession::refuse(Server&, unsigned, protocol::ReplySink& sink) {
  protocol::MemcachedWriter(sink).line("SERVER_ERROR the file cannot be read");
}

bool MemcachedSession::find_cold_key(Server& there, unsigned, unsigned& number, std::string_view& key) {
  return find_cold_key(there, number, key);
}

bool MemcachedSession::find_cold_key(Server& there, unsigned& number, std::string_view& key) {
  bool found = false;
  for_each_key(request_, [&](std::string_view candidate) {
    if (found || there.node().slots.core_of(candidate) != there.number()) return;
    if (there.keyspace().is_resident(0, candidate)) return;
    found = true;
    number = 0;
    key = candidate;
  });
  return found;
}

void MemcachedSession::on_errand_home(Errand& errand) {
  errand.take_next([&](std::string_view text) { writer_.raw(text); },
                   [&](std::string_view bytes, protocol::Pin pin) {
                     writer_.flush();
                     sink_.refer_on(errand.core(), bytes, pin);
                   });
  server_.give_back(*std::exchange(errand_, nullptr));
  if (is_starting_) {
    wait_ = Wait::nothing;
  } else {
    wake();
  }
}

void MemcachedSession::start_borrowing() {
  Borrowing& borrowing = server_.borrow_borrowing();
  if (request_.command == MemcachedCommand::flush_all) borrowing.add_all();
  for_each_key(request_, [&](std::string_view key) { borrowing.add(static_cast<unsigned>(server_.node().slots.core_of(key))); });
  wait_ = Wait::keys;
  is_starting_ = true;
  connection_.hold();
  borrowing.start(*this);
  is_starting_ = false;
  if (wait_ == Wait::nothing) connection_.unhold();
}

void MemcachedSession::on_borrowed(Borrowing& borrowing) {
  sink_.treat(ConnectionSink::Treatment::copy_references);
  run_here();
  sink_.treat(ConnectionSink::Treatment::send);
  borrowing.give_back();
  if (is_starting_) {
    wait_ = Wait::nothing;
  } else {
    wake();
  }
}

}  // namespace kv
