// Commands on keys, whatever their values.
#include <string>

#include "kv/commands/arguments.h"
#include "kv/commands/command.h"
#include "kv/commands/handlers.h"

namespace kv {

namespace {

template <typename Predicate>
void count_keys(Call& call, Predicate&& predicate) {
  std::int64_t count = 0;
  for (const std::string_view key : call.arguments.subspan(1)) count += predicate(key) ? 1 : 0;
  call.reply.integer(count);
}

enum class Existing : std::uint8_t { kept, replaced };

// Value, expiry and client flags. The source is held meanwhile.
WriteStatus copy_key(const Entry& source, const Database& to, std::string_view key, Existing existing) {
  const PutOptions options{.condition = existing == Existing::kept ? Condition::if_absent : Condition::always,
                           .expiry_ms = source.expiry_ms(),
                           .client_flags = source.client_flags()};
  return to.put(key, source.value(), options).status;
}

void rename(Call& call, Existing existing) {
  const std::string_view from = call.arguments[1];
  const std::string_view to = call.arguments[2];
  WriteStatus status = WriteStatus::present;
  {
    const Entry source = call.data.find(from);
    if (!source) return call.reply.error(errors::kNoSuchKey);
    if (from != to) status = copy_key(source, call.data, to, existing);
  }
  if (!stored_or_refused(call, status)) return;
  if (status == WriteStatus::stored) call.data.remove(from);
  if (existing == Existing::replaced) return call.reply.ok();
  call.reply.integer(status == WriteStatus::stored ? 1 : 0);
}

}  // namespace

void del_command(Call& call) {
  count_keys(call, [&](std::string_view key) { return call.data.remove(key); });
}
void unlink_command(Call& call) { del_command(call); }
void exists_command(Call& call) {
  count_keys(call, [&](std::string_view key) { return call.data.has(key); });
}
void touch_command(Call& call) {
  count_keys(call, [&](std::string_view key) { return static_cast<bool>(call.data.find(key)); });
}

void type_command(Call& call) { call.reply.simple_string(call.data.has(call.arguments[1]) ? "string" : "none"); }

void rename_command(Call& call) { rename(call, Existing::replaced); }
void renamenx_command(Call& call) { rename(call, Existing::kept); }

void copy_command(Call& call) {
  const auto arguments = call.arguments;
  Existing existing = Existing::kept;
  unsigned database = call.data.number();
  for (std::size_t index = 3; index < arguments.size(); ++index) {
    if (is_option(arguments[index], "replace")) {
      existing = Existing::replaced;
    } else if (is_option(arguments[index], "db") && index + 1 < arguments.size()) {
      const auto number = read_int(call, arguments[++index]);
      if (!number) return;
      if (*number < 0 || *number >= kDatabaseCount) return call.reply.error(errors::kDatabaseRange);
      database = static_cast<unsigned>(*number);
    } else {
      return call.reply.error(errors::kSyntax);
    }
  }
  if (database == call.data.number() && arguments[1] == arguments[2]) return call.reply.error(errors::kSameObject);
  const Entry source = call.data.find(arguments[1]);
  if (!source) return call.reply.integer(0);
  const WriteStatus status = copy_key(source, call.data.other(database), arguments[2], existing);
  if (stored_or_refused(call, status)) call.reply.integer(status == WriteStatus::stored ? 1 : 0);
}

void move_command(Call& call) {
  const auto number = read_int(call, call.arguments[2]);
  if (!number) return;
  if (*number < 0 || *number >= kDatabaseCount) return call.reply.error(errors::kDatabaseRange);
  if (static_cast<unsigned>(*number) == call.data.number()) return call.reply.error(errors::kSameObject);
  const std::string_view key = call.arguments[1];
  WriteStatus status = WriteStatus::absent;
  if (const Entry source = call.data.find(key); source) {
    status = copy_key(source, call.data.other(static_cast<unsigned>(*number)), key, Existing::kept);
  }
  if (!stored_or_refused(call, status)) return;
  if (status == WriteStatus::stored) call.data.remove(key);
  call.reply.integer(status == WriteStatus::stored ? 1 : 0);
}

}  // namespace kv
