// RespSession: what needs other cores: errands, borrowed keys, transactions, tours.

#include "kv/session/cold_keys.h"
#include "kv/session/command_traits.h"
#include "kv/session/resp_session.h"

namespace kv {

using Treatment = ConnectionSink::Treatment;

namespace {

constexpr std::string_view kUnreadable = "ERR the file cannot be read, or memory is too small for all keys of the command at once";

}  // namespace

// --- errands

// As many of the next commands as have their keys on one core each, whichever it is.
void RespSession::start_errands(const Command& first, unsigned core) {
  RequestBatch& batch = *batch_;
  batch.errands.resize(server_.core_count());
  const unsigned begin = batch.next;
  unsigned end = begin;
  batch.commands[begin] = &first;
  do {
    Errand*& errand = batch.errands[core];
    if (errand == nullptr) errand = &server_.borrow_errand(*this, core);
    errand->add(end);
    batch.cores[end] = static_cast<std::uint8_t>(core);
    ++end;
  } while (end < batch.count && suits_errand(end, core));
  batch.errands_end = end;
  if (sink_.treatment() != Treatment::send) batch.errands_end = begin + 1;  // CLIENT REPLY is about single commands
  errands_out_ = 0;
  for (const Errand* errand : batch.errands) errands_out_ += errand != nullptr ? 1 : 0;
  wait_ = Wait::errands;
  is_starting_ = true;
  for (unsigned to = 0; to < batch.errands.size(); ++to) {
    if (batch.errands[to] != nullptr && to != server_.number()) batch.errands[to]->start();
  }
  if (Errand* const own = batch.errands[server_.number()]) own->start();
  is_starting_ = false;
  if (errands_out_ != 0) return connection_.hold();
  wait_ = Wait::nothing;
  put_replies_together();
}

bool RespSession::suits_errand(unsigned index, unsigned& core) {
  const protocol::ArgumentList& arguments = batch_->requests[index];
  const Command* const command = find_command(arguments[0]);
  const bool is_suitable = command != nullptr && command->scope == Scope::keys && command->subcommands.empty() &&
                           has_right_arity(*command, arguments.size()) && command->handler != &watch_command &&
                           user->is_unrestricted && !transaction.is_open() && reply_mode == ReplyMode::on &&
                           (subscriptions.empty() || version == protocol::RespVersion::resp3) && server_.paused() == Pause::none &&
                           !server_.has_monitors() && !(landing_.is_reserved() && landing_.holds(arguments[arguments.size() - 1]));
  if (!is_suitable) return false;
  const Destination destination = destination_of(*command, arguments);
  core = destination.core;
  batch_->commands[index] = command;
  return destination.route == Route::core;
}

void RespSession::run(Server& there, unsigned index, protocol::ReplySink& sink) {
  protocol::RespWriter writer(sink, version);
  Database data = there.database(database);
  const Command& command = *batch_->commands[index];
  const std::span<const std::string_view> arguments = batch_->requests[index];
  Call call{.arguments = arguments, .data = data, .reply = writer, .now_ms = there.now_ms(), .command = command, .server = &there};
  const std::int64_t began = is_timed(command) ? there.clock_ns() : 0;
  CommandStatistics& statistics = there.statistics().by_command;
  writer.observe_errors(statistics);
  statistics.set_current(&command);
  execute(call);
  statistics.set_current(nullptr);
  there.note_call(command, arguments, began, nullptr);
  there.statistics().commands.add();
}

void RespSession::refuse(Server&, unsigned, protocol::ReplySink& sink) { protocol::RespWriter(sink, version).error(kUnreadable); }

void RespSession::find_cold_keys(Server& there, unsigned index, ColdKeys& cold) {
  add_cold_keys(there, *batch_->commands[index], batch_->requests[index], database, cold);
}

void RespSession::on_errand_home(Errand&) {
  if (--errands_out_ != 0 || is_starting_) return;
  put_replies_together();
  wake();
}

void RespSession::put_replies_together() {
  RequestBatch& batch = *batch_;
  for (; batch.next < batch.errands_end; ++batch.next) {
    Errand& errand = *batch.errands[batch.cores[batch.next]];
    errand.take_next([&](std::string_view text) { writer_.raw(text); },
                     [&](std::string_view bytes, protocol::Pin pin) {
                       writer_.flush();
                       sink_.refer_on(errand.core(), bytes, pin);
                     });
    last_command = batch.commands[batch.next];
    ++command_count;
  }
  for (Errand*& errand : batch.errands) {
    if (errand != nullptr) server_.give_back(*std::exchange(errand, nullptr));
  }
  --batch.next;  // done_with_command() counts it
  done_with_command();
}

// --- keys of several cores

void RespSession::start_borrowing(const Command& command) {
  Borrowing& borrowing = server_.borrow_borrowing();
  const protocol::ArgumentList& arguments = batch_->current();
  if (command.scope == Scope::all_keys) {
    borrowing.add_all();
  } else {
    for_each_key(command, arguments,
                 [&](std::string_view key) { borrowing.add(static_cast<unsigned>(server_.node().slots.core_of(key))); });
  }
  borrow(borrowing, command);
}

void RespSession::borrow(Borrowing& borrowing, const Command& command) {
  command_ = &command;
  borrowing_ = &borrowing;
  wait_ = Wait::keys;
  connection_.hold();
  is_starting_ = true;
  borrowing.start(*this);
  is_starting_ = false;
  if (wait_ != Wait::nothing) return;
  connection_.unhold();
}

void RespSession::find_cold_keys(Server& there, ColdKeys& cold) {
  if (is_executing_) {
    add_cold_keys(there, transaction, database, cold);
  } else {
    add_cold_keys(there, *command_, batch_->current(), database, cold);
  }
}

// All is here. Pins of other cores' items could not be released from here later, so large values are copied.
void RespSession::on_borrowed(Borrowing& borrowing) {
  server_.enter_turn();
  if (borrowing.has_failed()) {
    writer_.error(kUnreadable);
    return is_executing_ ? finish_transaction() : finish_borrowing();
  }
  if (server_.core_count() > 1 && sink_.treatment() == Treatment::send) sink_.treat(Treatment::copy_references);
  if (is_executing_) return run_transaction();
  run_here(*command_, batch_->current());
  finish_borrowing();
}

void RespSession::finish_borrowing() {
  if (borrowing_ != nullptr) {
    writer_.flush();
    std::exchange(borrowing_, nullptr)->give_back();
  }
  done_with_command();
  if (is_starting_) {
    wait_ = Wait::nothing;
  } else {
    wake();
  }
}

// --- transactions

void RespSession::start_transaction(const Command& command) {
  if (!transaction.is_open() || transaction.state() == Transaction::State::spoiled) {
    writer_.error(transaction.is_open() ? "EXECABORT Transaction discarded because of previous errors." : "ERR EXEC without MULTI");
    transaction.end();
    return done_with_command();
  }
  Borrowing& borrowing = server_.borrow_borrowing();
  bool needs_keys = false;
  for (const QueuedCall& call : transaction.calls()) {
    const Destination destination = destination_of(*call.command, call.arguments);
    if (destination.route == Route::core) borrowing.add(destination.core);
    if (destination.route == Route::several && call.command->scope == Scope::all_keys) borrowing.add_all();
    if (destination.route == Route::several) {
      for_each_key(*call.command, call.arguments, [&](std::string_view key) { borrowing.add(core_of(key)); });
    }
    needs_keys |= destination.route != Route::here;
  }
  for (const WatchedKey& watched : transaction.watched()) {
    borrowing.add(core_of(watched.key));
    needs_keys = true;
  }
  is_executing_ = true;
  transaction_next_ = 0;
  if (needs_keys) return borrow(borrowing, command);
  borrowing.forget();
  command_ = &command;
  wait_ = Wait::keys;
  connection_.hold();
  is_starting_ = true;
  run_transaction();
  is_starting_ = false;
  if (wait_ == Wait::nothing) connection_.unhold();
}

bool RespSession::has_changed(const WatchedKey& watched) {
  const Database data = server_.database(watched.database);
  const Entry entry = data.peek(watched.key);
  return (entry ? entry.version() : 0) != watched.version;
}

// All of it, or up to a command that asks other cores; then on_tour_ended goes on.
void RespSession::run_transaction() {
  const std::vector<QueuedCall>& calls = transaction.calls();
  if (transaction_next_ == 0) {
    for (const WatchedKey& watched : transaction.watched()) {
      if (!has_changed(watched)) continue;
      writer_.null_array();
      return finish_transaction();
    }
    writer_.array(calls.size());
  }
  while (transaction_next_ < calls.size()) {
    const QueuedCall& call = calls[transaction_next_++];
    run_here(*call.command, call.arguments);
    if (is_to_travel() && !try_tour()) return;
  }
  finish_transaction();
}

void RespSession::finish_transaction() {
  transaction.end();
  is_executing_ = false;
  finish_borrowing();
}

// --- tours

// True if it has ended already, and is answered.
bool RespSession::try_tour() {
  writer_.flush();
  guide_ = &server_.borrow_guide(*this, take_tour(), is_executing_);
  const bool was_starting = std::exchange(is_starting_, true);
  guide_->start();
  is_starting_ = was_starting;
  return guide_ == nullptr;
}

void RespSession::start_tour() {
  wait_ = Wait::tour;
  connection_.hold();
  if (!try_tour()) return;
  wait_ = Wait::nothing;
  connection_.unhold();
  done_with_command();
}

void RespSession::on_tour_ended() {
  TourGuide& guide = *std::exchange(guide_, nullptr);
  guide.tour().conclude(*this, writer_);
  server_.give_back(guide);
  if (is_starting_) return;
  if (is_executing_) return run_transaction();
  done_with_command();
  wake();
}

}  // namespace kv
