// SETBIT GETBIT BITCOUNT BITPOS BITOP.
#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "kv/commands/arguments.h"
#include "kv/commands/bit_arguments.h"
#include "kv/commands/bits.h"
#include "kv/commands/command.h"
#include "kv/commands/handlers.h"
#include "kv/protocol/number.h"

namespace kv {

namespace {

enum class Unit : std::uint8_t { byte, bit };

std::optional<Unit> read_unit(Call& call, std::string_view argument) {
  if (is_option(argument, "bit")) return Unit::bit;
  if (is_option(argument, "byte")) return Unit::byte;
  call.reply.error(errors::kSyntax);
  return std::nullopt;
}

// Both ends from the start of the value, and inside.
struct Range {
  std::int64_t first;
  std::int64_t last;
  bool empty() const noexcept { return first > last; }
};

Range clamp(std::int64_t first, std::int64_t last, std::int64_t size) noexcept {
  const auto place = [size](std::int64_t at) { return std::max<std::int64_t>(at < 0 ? at + size : at, 0); };
  return {place(first), std::min(place(last), size - 1)};
}

// Of bytes to that of their bits.
Range in_bits(Range range, Unit unit) noexcept { return unit == Unit::bit ? range : Range{range.first * 8, range.last * 8 + 7}; }

}  // namespace

std::optional<std::uint64_t> read_bit_offset(Call& call, std::string_view argument, unsigned width) {
  const bool is_counted = width != 0 && argument.starts_with('#');
  const auto number = protocol::parse_int64(argument.substr(is_counted ? 1 : 0));
  std::int64_t offset = 0;
  const bool fits = number && !__builtin_mul_overflow(*number, is_counted ? width : 1, &offset);
  if (fits && offset >= 0 && static_cast<std::uint64_t>(offset) / 8 < kValueBytesMax) return static_cast<std::uint64_t>(offset);
  call.reply.error(errors::kBitOffset);
  return std::nullopt;
}

bool edit_bits(Call& call, std::string_view key, std::uint64_t last_bit, BitEdit edit) {
  const auto [present, before] = [&] {
    const Entry entry = call.data.find(key);
    return std::pair(static_cast<bool>(entry), entry ? entry.value().size() : std::size_t{0});
  }();
  const std::size_t after = std::max<std::size_t>(before, last_bit / 8 + 1);
  const auto fill = [&, old = before](Bytes value) {
    std::memset(value.data() + old, 0, after - old);
    edit(reinterpret_cast<char*>(value.data()), after);
  };
  const WriteResult result = present ? call.data.modify(key, after, {}, fill) : call.data.write(key, after, {}, fill);
  return stored_or_refused(call, result.status);
}

void setbit_command(Call& call) {
  const auto offset = read_bit_offset(call, call.arguments[2], 0);
  if (!offset) return;
  const auto bit = read_integer(call, call.arguments[3], errors::kBit);
  if (!bit) return;
  if (*bit != 0 && *bit != 1) return call.reply.error(errors::kBit);
  bool old = false;
  const auto edit = [&](char* bytes, std::size_t size) {
    old = bits::at({bytes, size}, *offset);
    bits::write(bytes, *offset, 1, static_cast<std::uint64_t>(*bit));
  };
  if (edit_bits(call, call.arguments[1], *offset, edit)) call.reply.integer(old ? 1 : 0);
}

void getbit_command(Call& call) {
  const auto offset = read_bit_offset(call, call.arguments[2], 0);
  if (!offset) return;
  const Entry entry = call.data.find(call.arguments[1]);
  call.reply.integer(entry && bits::at(entry.value(), *offset) ? 1 : 0);
}

void bitcount_command(Call& call) {
  const auto arguments = call.arguments;
  const Entry entry = call.data.find(arguments[1]);
  if (!entry) return call.reply.integer(0);
  const std::string_view value = entry.value();
  if (arguments.size() == 2) return call.reply.integer(bits::count(value));
  if (arguments.size() != 4 && arguments.size() != 5) return call.reply.error(errors::kSyntax);
  const auto first = read_integer(call, arguments[2]);
  if (!first) return;
  const auto last = read_integer(call, arguments[3]);
  if (!last) return;
  if (*first < 0 && *last < 0 && *first > *last) return call.reply.integer(0);
  Unit unit = Unit::byte;
  if (arguments.size() == 5) {
    const auto named = read_unit(call, arguments[4]);
    if (!named) return;
    unit = *named;
  }
  const auto size = static_cast<std::int64_t>(value.size());
  const Range range = clamp(*first, *last, unit == Unit::bit ? size * 8 : size);
  if (range.empty()) return call.reply.integer(0);
  const Range covered = in_bits(range, unit);
  call.reply.integer(bits::count(value, static_cast<std::uint64_t>(covered.first), static_cast<std::uint64_t>(covered.last)));
}

void bitpos_command(Call& call) {
  const auto arguments = call.arguments;
  const auto bit = read_integer(call, arguments[2]);
  if (!bit) return;
  if (*bit != 0 && *bit != 1) return call.reply.error(errors::kBitArgument);
  const Entry entry = call.data.find(arguments[1]);
  if (!entry) return call.reply.integer(*bit == 1 ? -1 : 0);
  if (arguments.size() > 6) return call.reply.error(errors::kSyntax);
  std::int64_t first = 0;
  std::int64_t last = -1;
  Unit unit = Unit::byte;
  if (arguments.size() > 3) {
    const auto number = read_integer(call, arguments[3]);
    if (!number) return;
    first = *number;
  }
  if (arguments.size() > 5) {
    const auto named = read_unit(call, arguments[5]);
    if (!named) return;
    unit = *named;
  }
  if (arguments.size() > 4) {
    const auto number = read_integer(call, arguments[4]);
    if (!number) return;
    last = *number;
  }
  const std::string_view value = entry.value();
  const auto size = static_cast<std::int64_t>(value.size());
  const Range range = clamp(first, last, unit == Unit::bit ? size * 8 : size);
  if (range.empty()) return call.reply.integer(-1);
  const Range covered = in_bits(range, unit);
  const auto found =
      bits::find(value, *bit == 1, static_cast<std::uint64_t>(covered.first), static_cast<std::uint64_t>(covered.last));
  if (found) return call.reply.integer(static_cast<std::int64_t>(*found));
  // Without an end, zeros go on behind the value.
  call.reply.integer(*bit == 0 && arguments.size() <= 4 ? covered.last + 1 : -1);
}

// --- BITOP

namespace {

enum class BitOperation : std::uint8_t { conjunction, disjunction, difference, negation };

std::optional<BitOperation> read_operation(std::string_view name) noexcept {
  if (is_option(name, "and")) return BitOperation::conjunction;
  if (is_option(name, "or")) return BitOperation::disjunction;
  if (is_option(name, "xor")) return BitOperation::difference;
  if (is_option(name, "not")) return BitOperation::negation;
  return std::nullopt;
}

unsigned char combine(BitOperation operation, unsigned char left, unsigned char right) noexcept {
  switch (operation) {
    case BitOperation::conjunction: return left & right;
    case BitOperation::disjunction: return left | right;
    case BitOperation::difference: return left ^ right;
    case BitOperation::negation: break;
  }
  return static_cast<unsigned char>(~left);
}

// Short sources go on with zeros. Each loop is one that the compiler turns into vectors.
void combine_all(BitOperation operation, std::span<const std::string_view> sources, std::span<unsigned char> out) {
  std::fill(std::copy(sources[0].begin(), sources[0].end(), out.begin()), out.end(), static_cast<unsigned char>(0));
  if (operation == BitOperation::negation) {
    for (unsigned char& byte : out) byte = combine(operation, byte, 0);
  }
  for (const std::string_view source : sources.subspan(1)) {
    for (std::size_t index = 0; index < source.size(); ++index) {
      out[index] = combine(operation, out[index], static_cast<unsigned char>(source[index]));
    }
    for (std::size_t index = source.size(); index < out.size(); ++index) out[index] = combine(operation, out[index], 0);
  }
}

}  // namespace

void bitop_command(Call& call) {
  const auto operation = read_operation(call.arguments[1]);
  if (!operation) return call.reply.error(errors::kSyntax);
  if (*operation == BitOperation::negation && call.arguments.size() != 4) return call.reply.error(errors::kBitopNot);
  std::vector<Entry> entries;
  std::vector<std::string_view> sources;
  std::size_t size = 0;
  for (const std::string_view key : call.arguments.subspan(3)) {
    entries.push_back(call.data.find(key));
    sources.push_back(entries.back() ? entries.back().value() : std::string_view());
    size = std::max(size, sources.back().size());
  }
  const std::string_view target = call.arguments[2];
  if (size == 0) {
    entries.clear();
    call.data.remove(target);
    return call.reply.integer(0);
  }
  // The sources are held, so that the target may be one of them.
  const WriteResult result = call.data.write(target, size, {}, [&](Bytes value) {
    combine_all(*operation, sources, {reinterpret_cast<unsigned char*>(value.data()), value.size()});
  });
  if (stored_or_refused(call, result.status)) call.reply.integer(static_cast<std::int64_t>(size));
}

}  // namespace kv
