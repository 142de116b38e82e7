#include "kv/commands/arguments.h"

#include <limits>
#include <string>

#include "kv/commands/command.h"
#include "kv/protocol/ascii.h"
#include "kv/protocol/number.h"

namespace kv {

namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

}  // namespace

std::optional<std::int64_t> read_integer(Call& call, std::string_view argument, std::string_view error) {
  const auto value = protocol::parse_int64(argument);
  if (!value) call.reply.error(error);
  return value;
}

std::optional<std::int64_t> read_int(Call& call, std::string_view argument, std::string_view error) {
  const auto value = read_integer(call, argument, error);
  if (!value) return value;
  if (*value >= std::numeric_limits<int>::min() && *value <= std::numeric_limits<int>::max()) return value;
  call.reply.error(error == errors::kNotAnInteger ? errors::kIntRange : error);
  return std::nullopt;
}

void refuse_expiry(Call& call) {
  std::string text("ERR invalid expire time in '");
  text.append(call.command.name).append("' command");
  call.reply.error(text);
}

std::optional<std::int64_t> read_expiry(Call& call, std::string_view argument, TimeUnit unit, TimeBase base) {
  const auto number = read_integer(call, argument);
  if (!number) return std::nullopt;
  std::int64_t time = *number;
  const std::int64_t start = base == TimeBase::now ? call.now_ms : 0;
  const bool is_possible = time > 0 && (unit == TimeUnit::milliseconds || time <= kMax / 1000);
  if (is_possible && unit == TimeUnit::seconds) time *= 1000;
  if (is_possible && time <= kMax - start) return time + start;
  refuse_expiry(call);
  return std::nullopt;
}

bool is_option(std::string_view argument, std::string_view name) noexcept { return protocol::equals_ignoring_case(argument, name); }

void refuse_arity(Call& call) {
  std::string text("ERR wrong number of arguments for '");
  text.append(call.command.name).append("' command");
  call.reply.error(text);
}

void reply_value(Call& call, std::string_view key, Entry entry) {
  if (!entry) return call.reply.null();
  const std::string_view value = entry.value();
  if (value.size() >= kReferenceBytesMin) [[unlikely]] {
    if (const protocol::Pin pin = call.data.keyspace_of(key).pin(entry); pin.release != nullptr)
      return call.reply.bulk_reference(value, pin);
  }
  call.reply.bulk(value);
}

bool stored_or_refused(Call& call, WriteStatus status) {
  switch (status) {
    case WriteStatus::no_memory: call.reply.error(errors::kOutOfMemory); return false;
    case WriteStatus::too_large: call.reply.error(errors::kTooLarge); return false;
    case WriteStatus::cold: call.reply.error(errors::kCold); return false;
    default: return true;
  }
}

bool store_value(Call& call, std::string_view key, std::string_view value, const PutOptions& options) {
  if (key.size() > kKeyBytesMax) [[unlikely]] {
    call.reply.error(errors::kKeyTooLong);
    return false;
  }
  // An expiry is a part of the record, and comes behind the value: nobody could have reserved the right place.
  const bool has_landed = call.landed != nullptr && *call.landed && options.expiry_ms == kNeverExpires &&
                          reinterpret_cast<const char*>(call.landed->value().data()) == value.data();
  const Keyspace::Ahead* const ahead = key.data() == call.arguments[1].data() ? call.ahead : nullptr;
  const WriteResult result = has_landed ? call.data.keyspace_of(key).commit(*call.landed, call.data.number(), key, options)
                                        : call.data.put(key, value, options, ahead);
  return stored_or_refused(call, result.status);
}

bool check_length(Call& call, std::uint64_t offset, std::uint64_t bytes) {
  if (offset <= kValueBytesMax && bytes <= kValueBytesMax - offset) return true;
  call.reply.error(errors::kTooLarge);
  return false;
}

}  // namespace kv
