// RespSession: one command: whether it may run, where, and running it.

#include <array>
#include <cstring>
#include <span>
#include <string>

#include "kv/commands/access_log.h"
#include "kv/commands/connection_commands.h"
#include "kv/protocol/ascii.h"
#include "kv/session/cold_keys.h"
#include "kv/session/command_traits.h"
#include "kv/session/look_ahead.h"
#include "kv/session/resp_session.h"

namespace kv {

using Treatment = ConnectionSink::Treatment;

namespace {

// For names of commands: 2 to 8 letters, without a call.
bool is_same_name(std::string_view name, std::string_view other) noexcept {
  const std::size_t size = name.size();
  if (size != other.size() || size < 2 || size > 8) return false;
  const auto same = [&](auto word, std::size_t at) {
    decltype(word) words[2];
    std::memcpy(&words[0], name.data() + at, sizeof word);
    std::memcpy(&words[1], other.data() + at, sizeof word);
    return words[0] == words[1];
  };
  if (size < 4) return same(std::uint16_t{}, 0) && same(std::uint16_t{}, size - 2);
  return same(std::uint32_t{}, 0) && same(std::uint32_t{}, size - 4);
}

}  // namespace

// What most clients do most of the time, without a look at anything that is the same for all of a batch. False: the next request needs it.
bool RespSession::run_plain() {
  const bool is_plain = user != nullptr && user->is_unrestricted && !transaction.is_open() && reply_mode == ReplyMode::on &&
                        (subscriptions.empty() || version == protocol::RespVersion::resp3) && server_.paused() == Pause::none &&
                        !server_.has_monitors() && server_.lending().is_home() && !landing_.is_reserved() && !server_.is_loading();
  if (!is_plain) return false;
  server_.enter_turn();
  LookAhead look_ahead(server_.keyspace(), database, *batch_);
  Database data = server_.database(database);
  const std::int64_t now_ms = server_.now_ms();
  std::string_view last_name;  // as it was written: clients repeat themselves
  const Command* command = nullptr;
  unsigned executed = 0;
  unsigned in_a_row = 0;
  CommandStatistics& statistics = server_.statistics().by_command;
  while (!batch_->is_done() && !connection_.is_above_high_mark()) {
    const protocol::ArgumentList& arguments = batch_->current();
    if (!is_same_name(arguments[0], last_name)) {
      last_name = arguments[0];
      command = find_command(last_name);
    }
    if (command == nullptr || !is_quick(*command) || !has_right_arity(*command, arguments.size())) break;
    const std::string_view key = arguments[static_cast<std::size_t>(command->keys.first)];
    if (server_.core_count() > 1 && core_of(key) != server_.number()) break;
    if (server_.has_tiers() && !server_.keyspace().is_resident(database, key)) break;
    Call call{.arguments = arguments,
              .data = data,
              .reply = writer_,
              .now_ms = now_ms,
              .command = *command,
              .ahead = look_ahead.step(),
              .client = this,
              .server = &server_};
    // Counted is what comes in a row.
    if (command != statistics.current()) {
      statistics.count_current(in_a_row);
      statistics.set_current(command);
      in_a_row = 0;
    }
    execute(call);
    last_command = command;
    ++executed;
    ++in_a_row;
    ++batch_->next;
  }
  statistics.count_current(in_a_row);
  statistics.set_current(nullptr);
  command_count += executed;
  server_.statistics().commands.add(executed);
  return executed != 0;
}

void RespSession::step() {
  if (run_plain()) return;
  const protocol::ArgumentList& arguments = batch_->current();
  const Command* const command = admit(arguments);
  if (command == nullptr) return done_with_command();
  if (must_pause(*command)) {
    wait_ = Wait::pause;
    server_.await_unpause(*this);
    return;
  }
  if (try_queue(*command, arguments)) return done_with_command();
  if (server_.has_monitors() && (command->flags & (kSkipMonitor | kAdmin)) == 0) server_.report_to_monitors(*this, arguments);
  dispatch(*command);
}

// Null: it is refused, and the error is written.
const Command* RespSession::admit(std::span<const std::string_view> arguments) {
  writer_.set_version(version);
  treat_replies(arguments);
  const Command* const command = resolve(arguments, writer_);
  if (command != nullptr) {
    const char* const reason = refusal_of(*command, arguments);
    if (reason == nullptr) return command;
    server_.statistics().by_command.note_rejected(*command);
    writer_.error(reason);
  }
  transaction.spoil();
  server_.statistics().rejected_calls.add();
  return nullptr;
}

void RespSession::treat_replies(std::span<const std::string_view> arguments) {
  if (reply_mode == ReplyMode::skip_next) reply_mode = ReplyMode::skipping;
  // CLIENT REPLY ON is answered.
  const bool is_about_replies = arguments.size() > 1 && protocol::equals_ignoring_case("client", arguments[0]) &&
                                protocol::equals_ignoring_case("reply", arguments[1]);
  const bool is_on = reply_mode == ReplyMode::on || is_about_replies;
  if (is_on && sink_.treatment() == Treatment::send) return;
  writer_.flush();
  sink_.treat(is_on ? Treatment::send : Treatment::discard);
}

const char* RespSession::refusal_of(const Command& command, std::span<const std::string_view> arguments) {
  if (is_stranger()) {
    return (command.flags & kNoAuth) != 0 ? nullptr : "NOAUTH Authentication required.";
  }
  if (!user->is_unrestricted && (command.flags & kNoAuth) == 0) {
    if (const Refusal refused = refusal(*user, command, arguments)) {
      log_refusal(*this, refused);
      refusal_text_ = text_of(refused);
      return refusal_text_.c_str();
    }
  }
  if (!subscriptions.empty() && version == protocol::RespVersion::resp2 && !is_allowed_to_subscribers(command)) {
    refusal_text_ = "ERR Can't execute '" + std::string(command.name) +
                    "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context";
    return refusal_text_.c_str();
  }
  if (server_.is_loading() && ((command.flags & kLoading) == 0 || needs_keys(command))) {
    return "LOADING Redis is loading the dataset in memory";
  }
  if (transaction.is_open() && (command.flags & kNoMulti) != 0) return "ERR Command not allowed inside a transaction";
  return nullptr;
}

bool RespSession::must_pause(const Command& command) const noexcept {
  if (server_.paused() == Pause::none || (command.flags & kAllowBusy) != 0) return false;
  const bool writes = (command.flags & kWrite) != 0 || command.handler == &exec_command || command.handler == &publish_command;
  return server_.paused() == Pause::all || writes;
}

// Between MULTI and EXEC commands wait.
bool RespSession::try_queue(const Command& command, std::span<const std::string_view> arguments) {
  if (!transaction.is_open() || is_about_transactions(command)) return false;
  transaction.queue(command, arguments);
  if (transaction.queued_bytes() > server_.configuration().transaction_bytes_max) {
    transaction.spoil();
    writer_.error("ERR transaction too large");
  } else {
    writer_.literal("+QUEUED\r\n");
  }
  return true;
}

RespSession::Destination RespSession::destination_of(const Command& command, std::span<const std::string_view> arguments) const {
  const SlotMap& slots = server_.node().slots;
  const unsigned here = server_.number();
  if (command.scope == Scope::connection || command.scope == Scope::server) return {Route::here, here};
  if (command.scope == Scope::all_keys) return {slots.core_count() == 1 ? Route::core : Route::several, here};
  if (command.scope == Scope::cursor) {
    return {Route::core, static_cast<unsigned>(core_of_cursor(arguments[1], slots.core_count()))};
  }
  Destination destination{Route::here, here};
  for_each_key(command, arguments, [&](std::string_view key) {
    const auto core = static_cast<unsigned>(slots.core_of(key));
    if (destination.route == Route::here) {
      destination = {Route::core, core};
    } else if (core != destination.core) {
      destination.route = Route::several;
    }
  });
  return destination;
}

void RespSession::dispatch(const Command& command) {
  const protocol::ArgumentList& arguments = batch_->current();
  if (command.handler == &exec_command) return start_transaction(command);
  const Destination destination = destination_of(command, arguments);
  if (destination.route == Route::here) {
    run_here(command, arguments);
    return after_command();
  }
  if (destination.route == Route::several) return start_borrowing(command);
  // WATCH leaves something with the client.
  const bool is_local = destination.core == server_.number();
  const bool is_home = server_.lending().is_home();
  const bool is_cold = is_local && is_home && server_.has_tiers() && has_cold_key(command, arguments);
  if (!is_cold && landing_.is_reserved() && landing_.holds(arguments[arguments.size() - 1])) return run_landed_set(command);
  if (is_local && is_home && !is_cold) {
    server_.enter_turn();
    run_here(command, arguments);
    return after_command();
  }
  if (command.handler == &watch_command) return start_borrowing(command);
  start_errands(command, destination.core);
}

bool RespSession::has_cold_key(const Command& command, std::span<const std::string_view> arguments) {
  ColdNames none;
  ColdKeys cold(none);
  add_cold_keys(server_, command, arguments, database, cold);
  return !cold.empty();
}

void RespSession::run_here(const Command& command, std::span<const std::string_view> arguments) {
  Database data = server_.database(database);
  Call call{.arguments = arguments,
            .data = data,
            .reply = writer_,
            .now_ms = server_.now_ms(),
            .command = command,
            .client = this,
            .server = &server_};
  const std::int64_t began = is_timed(command) ? server_.clock_ns() : 0;
  server_.statistics().by_command.set_current(&command);
  execute(call);
  server_.statistics().by_command.set_current(nullptr);
  server_.note_call(command, arguments, began, this);
  last_command = &command;
  ++command_count;
  server_.statistics().commands.add();
}

// The command has run, but for what it asks of other cores.
void RespSession::after_command() {
  if (is_to_travel()) return start_tour();
  done_with_command();
}

void RespSession::done_with_command() {
  if (sink_.treatment() != Treatment::send || reply_mode == ReplyMode::skipping) {
    writer_.flush();
    sink_.treat(Treatment::send);
    if (reply_mode == ReplyMode::skipping) reply_mode = ReplyMode::on;
  }
  writer_.set_version(version);
  if (batch_ != nullptr) ++batch_->next;
}

}  // namespace kv
