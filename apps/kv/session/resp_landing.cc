// RespSession: large values, received where they are to stay.

#include "kv/protocol/ascii.h"
#include "kv/session/resp_session.h"

namespace kv {

// A large bulk begins. False: it is on its way, and the session waits.
bool RespSession::begin_landing() {
  const std::size_t bytes = reader_.parser().value_bytes();
  auto reservation = reserve(bytes);
  if (reservation) {
    landing_.begin(std::move(reservation));
  } else {
    landing_.begin(bytes);
  }
  landing_.append(reader_.land(unfinished_));
  // What is left of the piece belongs to the value, or lies behind it.
  const std::string_view rest = reader_.rest();
  reader_.feed(rest.substr(landing_.append(rest)));
  if (landing_.is_full()) {
    finish_landing();
    return true;
  }
  release_piece();
  outcome_ = protocol::Outcome::incomplete;
  wait_ = Wait::landing;
  connection_.land(landing_.rest());
  return false;
}

// For a plain SET of a key of this core: its place in the cache. Everything else is copied there when it is executed.
corering::cache::Reservation RespSession::reserve(std::size_t bytes) {
  const bool is_plain_set =
      unfinished_.size() == 2 && reader_.parser().arguments_left() == 1 && protocol::equals_ignoring_case("set", unfinished_[0]);
  const bool may_run = user != nullptr && user->is_unrestricted && !transaction.is_open() && subscriptions.empty();
  if (!is_plain_set || !may_run || !server_.lending().is_home() || landing_.is_reserved()) return {};
  if (server_.node().slots.core_of(unfinished_[1]) != server_.number()) return {};
  server_.enter_turn();
  return server_.keyspace().try_reserve(database, unfinished_[1], bytes, {});
}

void RespSession::on_landed(corering::net::Connection&) {
  active_at = server_.core().now();
  wait_ = Wait::nothing;
  finish_landing();
  work();
}

void RespSession::finish_landing() {
  reader_.on_landed(landing_.value(), unfinished_);
  outcome_ = protocol::Outcome::request;
}

// SET whose value is in its place already.
void RespSession::run_landed_set(const Command& command) {
  const std::string_view key = batch_->current()[1];
  if (!server_.lending().is_home()) {
    wait_ = Wait::own_keys;
    connection_.hold();
    server_.lending().await(*this);
    return;
  }
  server_.enter_turn();
  const WriteResult result = server_.keyspace().commit(landing_.reservation(), database, key, {});
  if (result.status == WriteStatus::stored) {
    writer_.ok();
  } else {
    writer_.error("OOM command not allowed when used memory > 'maxmemory'.");
  }
  server_.drop(landing_);
  last_command = &command;
  ++command_count;
  server_.statistics().commands.add();
  server_.statistics().by_command.count(command);
  done_with_command();
}

}  // namespace kv
