// Counters: values that are decimal numbers.
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "kv/commands/arguments.h"
#include "kv/commands/command.h"
#include "kv/commands/handlers.h"
#include "kv/protocol/number.h"

namespace kv {

namespace {

// Expiry and client flags stay.
bool replace_value(Call& call, bool present, std::string_view text) {
  const std::string_view key = call.arguments[1];
  if (!present) return store_value(call, key, text, {});
  const auto fill = [&](Bytes value) { std::memcpy(value.data(), text.data(), text.size()); };
  return stored_or_refused(call, call.data.modify(key, text.size(), {}, fill).status);
}

void add(Call& call, std::int64_t delta) {
  std::int64_t value = 0;
  bool present = false;
  if (const Entry entry = call.data.find(call.arguments[1]); entry) {
    const auto number = read_integer(call, entry.value());
    if (!number) return;
    value = *number;
    present = true;
  }
  if (__builtin_add_overflow(value, delta, &value)) return call.reply.error(errors::kIncrementOverflow);
  std::array<char, protocol::kIntegerBytesMax> digits;
  const char* const end = protocol::write_int64(value, digits.data());
  if (replace_value(call, present, {digits.data(), static_cast<std::size_t>(end - digits.data())})) call.reply.integer(value);
}

}  // namespace

void incr_command(Call& call) { add(call, 1); }
void decr_command(Call& call) { add(call, -1); }

void incrby_command(Call& call) {
  if (const auto delta = read_integer(call, call.arguments[2])) add(call, *delta);
}

void decrby_command(Call& call) {
  const auto delta = read_integer(call, call.arguments[2]);
  if (!delta) return;
  if (*delta == std::numeric_limits<std::int64_t>::min()) return call.reply.error(errors::kDecrementOverflow);
  add(call, -*delta);
}

void incrbyfloat_command(Call& call) {
  long double value = 0;
  bool present = false;
  if (const Entry entry = call.data.find(call.arguments[1]); entry) {
    const auto number = protocol::parse_long_double(entry.value());
    if (!number) return call.reply.error(errors::kNotAFloat);
    value = *number;
    present = true;
  }
  const auto delta = protocol::parse_long_double(call.arguments[2]);
  if (!delta) return call.reply.error(errors::kNotAFloat);
  value += *delta;
  if (std::isnan(value) || std::isinf(value)) return call.reply.error(errors::kNanOrInfinity);
  const protocol::LongDoubleText text(value);
  if (replace_value(call, present, text.view())) call.reply.bulk(text.view());
}

}  // namespace kv
