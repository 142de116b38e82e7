// BITFIELD and BITFIELD_RO: numbers of 1 to 64 bits inside a value.
#include <limits>
#include <optional>
#include <vector>

#include "kv/commands/arguments.h"
#include "kv/commands/bit_arguments.h"
#include "kv/commands/bits.h"
#include "kv/commands/command.h"
#include "kv/commands/handlers.h"
#include "kv/protocol/number.h"

namespace kv {

namespace {

enum class Overflow : std::uint8_t { wrap, saturate, fail };
enum class Action : std::uint8_t { get, set, increment };

struct FieldType {
  bool is_signed = false;
  unsigned width = 0;
};

struct Step {
  Action action;
  FieldType type;
  Overflow overflow;
  std::uint64_t bit;
  std::int64_t number = 0;
};

std::optional<FieldType> read_type(Call& call, std::string_view text) {
  const auto width = text.empty() ? std::nullopt : protocol::parse_int64(text.substr(1));
  const bool is_signed = text.starts_with('i');
  if ((is_signed || text.starts_with('u')) && width && *width >= 1 && *width <= (is_signed ? 64 : 63)) {
    return FieldType{is_signed, static_cast<unsigned>(*width)};
  }
  call.reply.error(errors::kBitfieldType);
  return std::nullopt;
}

std::optional<Overflow> read_overflow(Call& call, std::string_view text) {
  if (is_option(text, "wrap")) return Overflow::wrap;
  if (is_option(text, "sat")) return Overflow::saturate;
  if (is_option(text, "fail")) return Overflow::fail;
  call.reply.error(errors::kBitfieldOverflow);
  return std::nullopt;
}

bool read_step(Call& call, Action action, std::size_t index, Overflow overflow, std::vector<Step>& steps) {
  const auto type = read_type(call, call.arguments[index + 1]);
  if (!type) return false;
  const auto bit = read_bit_offset(call, call.arguments[index + 2], type->width);
  if (!bit) return false;
  Step step{.action = action, .type = *type, .overflow = overflow, .bit = *bit};
  if (action != Action::get) {
    const auto number = read_integer(call, call.arguments[index + 3]);
    if (!number) return false;
    step.number = *number;
  }
  steps.push_back(step);
  return true;
}

bool read_steps(Call& call, std::vector<Step>& steps) {
  const auto arguments = call.arguments;
  Overflow overflow = Overflow::wrap;
  for (std::size_t index = 2; index < arguments.size();) {
    const std::string_view word = arguments[index];
    const std::size_t behind = arguments.size() - index - 1;
    if (is_option(word, "overflow") && behind >= 1) {
      const auto named = read_overflow(call, arguments[index + 1]);
      if (!named) return false;
      overflow = *named;
      index += 2;
    } else if (is_option(word, "get") && behind >= 2) {
      if (!read_step(call, Action::get, index, overflow, steps)) return false;
      index += 3;
    } else if ((is_option(word, "set") || is_option(word, "incrby")) && behind >= 3) {
      if (!read_step(call, is_option(word, "set") ? Action::set : Action::increment, index, overflow, steps)) return false;
      index += 4;
    } else {
      call.reply.error(errors::kSyntax);
      return false;
    }
  }
  return true;
}

// All arithmetic is done with more bits than any field has.
__extension__ using Wide = __int128;

Wide smallest(FieldType type) noexcept { return type.is_signed ? -(Wide{1} << (type.width - 1)) : 0; }
Wide largest(FieldType type) noexcept { return (Wide{1} << (type.is_signed ? type.width - 1 : type.width)) - 1; }

// Field bits as the number they mean.
Wide value_of(std::uint64_t field, FieldType type) noexcept {
  const bool negative = type.is_signed && (field >> (type.width - 1) & 1) != 0;
  return Wide{field} - (negative ? Wide{1} << type.width : 0);
}

std::int64_t reply_of(Wide value) noexcept { return static_cast<std::int64_t>(value); }

// SET takes the number as the field's own kind: for an unsigned field a negative one is huge.
Wide wanted_value(const Step& step, Wide old) noexcept {
  if (step.action == Action::increment) return old + step.number;
  return step.type.is_signed ? Wide{step.number} : Wide{static_cast<std::uint64_t>(step.number)};
}

// Redis asks how far it is from the number to the largest one in 64 bits, which overflow for the very smallest numbers: SET takes those for
// too large. So do we, because two servers that answer differently are worse than one odd answer.
bool counts_as_too_large(const Step& step, Wide value, Wide high) noexcept {
  const bool overflows = step.type.width < 64 && value < high - std::numeric_limits<std::int64_t>::max();
  return value > high || (step.action == Action::set && overflows);
}

// The number to be written; nothing: it does not fit, and is not to be made to.
std::optional<Wide> fitted(const Step& step, Wide value) noexcept {
  const Wide low = smallest(step.type);
  const Wide high = largest(step.type);
  if (value >= low && value <= high) return value;
  switch (step.overflow) {
    case Overflow::fail: return std::nullopt;
    case Overflow::saturate: return counts_as_too_large(step, value, high) ? high : low;
    case Overflow::wrap: break;
  }
  const auto mask = step.type.width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << step.type.width) - 1;
  return value_of(static_cast<std::uint64_t>(value) & mask, step.type);
}

void run_step(Call& call, const Step& step, char* bytes, std::size_t size) {
  const Wide old = value_of(bits::read({bytes, size}, step.bit, step.type.width), step.type);
  if (step.action == Action::get) return call.reply.integer(reply_of(old));
  const auto value = fitted(step, wanted_value(step, old));
  if (!value) return call.reply.null();
  bits::write(bytes, step.bit, step.type.width, static_cast<std::uint64_t>(*value));
  call.reply.integer(reply_of(step.action == Action::set ? old : *value));
}

void look_only(Call& call, const std::vector<Step>& steps) {
  const Entry entry = call.data.find(call.arguments[1]);
  const std::string_view value = entry ? entry.value() : std::string_view();
  call.reply.array(steps.size());
  for (const Step& step : steps) {
    call.reply.integer(reply_of(value_of(bits::read(value, step.bit, step.type.width), step.type)));
  }
}

}  // namespace

void bitfield_command(Call& call) {
  std::vector<Step> steps;
  if (!read_steps(call, steps)) return;
  std::uint64_t last_bit = 0;
  bool writes = false;
  for (const Step& step : steps) {
    if (step.action == Action::get) continue;
    writes = true;
    last_bit = std::max(last_bit, step.bit + step.type.width - 1);
  }
  if (!writes) return look_only(call, steps);
  if (last_bit / 8 >= kValueBytesMax) return call.reply.error(errors::kTooLarge);
  const auto run = [&](char* bytes, std::size_t size) {
    call.reply.array(steps.size());
    for (const Step& step : steps) run_step(call, step, bytes, size);
  };
  edit_bits(call, call.arguments[1], last_bit, run);
}

void bitfield_ro_command(Call& call) {
  std::vector<Step> steps;
  if (!read_steps(call, steps)) return;
  for (const Step& step : steps) {
    if (step.action != Action::get) return call.reply.error(errors::kBitfieldReadOnly);
  }
  look_only(call, steps);
}

}  // namespace kv
