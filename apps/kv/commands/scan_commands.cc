// Commands that look for keys, and on databases as wholes.
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kv/commands/arguments.h"
#include "kv/commands/command.h"
#include "kv/commands/handlers.h"
#include "kv/commands/scan_places.h"
#include "kv/protocol/ascii.h"
#include "kv/protocol/glob.h"
#include "kv/protocol/number.h"

namespace kv {

namespace {

// A cursor: the number of the core in the first ten bits, the place in its keyspace in the others.
constexpr unsigned kCoreBits = 10;
constexpr std::uint64_t kPlaceMask = ~std::uint64_t{0} >> kCoreBits;

// What strtoul takes, without blanks in front.
std::optional<std::uint64_t> parse_cursor(std::string_view text) noexcept {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return negative ? std::nullopt : std::optional<std::uint64_t>(0);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return negative ? 0 - value : value;
}

// How far SCAN goes: until so many keys were seen, or so many groups of places. Empty places cost, too.
struct Stretch {
  explicit Stretch(std::int64_t count) noexcept
      : keys_left(count), groups_left(count < (std::int64_t{1} << 32) ? count * 10 : count) {}
  bool goes_on(std::uint64_t place) noexcept { return place != 0 && keys_left > 0 && --groups_left > 0; }

  std::int64_t keys_left;
  std::int64_t groups_left;
};

std::uint64_t place_of(std::uint64_t cursor) noexcept { return (cursor & kPlaceMask) << kCoreBits; }

struct ScanOptions {
  std::int64_t count = 10;
  std::string_view pattern = "*";
  bool strings = true;  // TYPE names what there is
};

bool read_options(Call& call, ScanOptions& options) {
  for (std::size_t index = 2; index < call.arguments.size(); index += 2) {
    const std::string_view name = call.arguments[index];
    const bool has_next = index + 1 < call.arguments.size();
    if (is_option(name, "count") && has_next) {
      const auto count = read_integer(call, call.arguments[index + 1]);
      if (!count) return false;
      options.count = *count;
    } else if (is_option(name, "match") && has_next) {
      options.pattern = call.arguments[index + 1];
    } else if (is_option(name, "type") && has_next) {
      options.strings = is_option(call.arguments[index + 1], "string");
    } else {
      options.count = 0;
    }
    if (options.count >= 1) continue;
    call.reply.error(errors::kSyntax);
    return false;
  }
  return true;
}

bool matches(std::string_view pattern, std::string_view key) noexcept {
  return pattern == "*" || protocol::matches_glob(pattern, key);
}

std::uint64_t draw(std::uint64_t salt) noexcept {
  static thread_local std::uint64_t state = 0x9e3779b97f4a7c15;
  state = (state ^ salt) * 6364136223846793005 + 1442695040888963407;
  return state ^ state >> 29;
}

bool is_flush_word(std::string_view word) noexcept { return is_option(word, "sync") || is_option(word, "async"); }

// Memory goes back piece by piece either way: SYNC and ASYNC are the same.
bool check_flush(Call& call) {
  if (call.arguments.size() == 1 || (call.arguments.size() == 2 && is_flush_word(call.arguments[1]))) return true;
  call.reply.error(errors::kSyntax);
  return false;
}

}  // namespace

std::size_t core_of_cursor(std::string_view cursor, std::size_t core_count) noexcept {
  return std::min<std::uint64_t>(parse_cursor(cursor).value_or(0) >> (64 - kCoreBits), core_count - 1);
}

void scan_command(Call& call) {
  const auto cursor = parse_cursor(call.arguments[1]);
  if (!cursor) return call.reply.error(errors::kInvalidCursor);
  ScanOptions options;
  if (!read_options(call, options)) return;
  const std::size_t core = core_of_cursor(call.arguments[1], call.data.cores().size());
  Keyspace& keyspace = *call.data.cores()[core];
  std::vector<std::string> keys;
  std::uint64_t place = place_of(*cursor);
  Stretch stretch(options.count);
  do {
    place = keyspace.scan(call.data.number(), place, [&](std::string_view key) {
      --stretch.keys_left;
      if (options.strings && matches(options.pattern, key)) keys.emplace_back(key);
    });
  } while (stretch.goes_on(place));
  std::uint64_t next = place >> kCoreBits | std::uint64_t{core} << (64 - kCoreBits);
  if (place == 0) next = core + 1 < call.data.cores().size() ? std::uint64_t{core + 1} << (64 - kCoreBits) : 0;
  call.reply.array(2);
  std::array<char, protocol::kIntegerBytesMax> digits;
  const char* const end = protocol::write_uint64(next, digits.data());
  call.reply.bulk({digits.data(), static_cast<std::size_t>(end - digits.data())});
  call.reply.array(keys.size());
  for (const std::string& key : keys) call.reply.bulk(key);
}

namespace {

// As scan_command walks. What is not known yet counts as seen, so this may end too early, but not before all of it is read.
void add_places_of_scan(std::span<const std::string_view> arguments, Keyspace& keyspace, unsigned database, ColdKeys& cold) {
  std::int64_t count = ScanOptions().count;
  for (std::size_t index = 2; index + 1 < arguments.size(); index += 2) {
    if (is_option(arguments[index], "count")) count = protocol::parse_int64(arguments[index + 1]).value_or(count);
  }
  std::uint64_t place = place_of(parse_cursor(arguments[1]).value_or(0));
  Stretch stretch(count);
  do {
    place = keyspace.scan(
        database, place, [&](std::string_view) { --stretch.keys_left; },
        [&](corering::cache::ColdItem item) {
          --stretch.keys_left;
          cold.add(item);
        });
  } while (stretch.goes_on(place) && !cold.is_full());
}

// All of them; and, as what was read has moved meanwhile here and there, all of them again until nothing is new.
void add_places_of_keys(Keyspace& keyspace, unsigned database, ColdKeys& cold) {
  std::uint64_t& place = cold.names().resume;
  const bool is_whole = place == 0;
  for (;;) {
    const std::uint64_t next =
        keyspace.scan(database, place, [](std::string_view) {}, [&](corering::cache::ColdItem item) { cold.add(item); });
    if (cold.is_full()) return;
    place = next;
    if (place == 0) break;
  }
  if (!is_whole && cold.empty()) add_places_of_keys(keyspace, database, cold);
}

// From some place on, to the first key.
void add_places_of_random_key(Keyspace& keyspace, unsigned database, ColdKeys& cold) {
  std::optional<std::uint64_t>& start = cold.names().start;
  if (!start) start = draw(static_cast<std::uint64_t>(keyspace.now_ms())) & ~std::uint64_t{1023};
  std::uint64_t place = *start;
  bool has_wrapped = false;
  bool has_key = false;
  do {
    place = keyspace.scan(
        database, place, [&](std::string_view) { has_key = true; }, [&](corering::cache::ColdItem item) { cold.add(item); });
    if (place == 0 && std::exchange(has_wrapped, true)) return;
  } while (!has_key && cold.empty() && (!has_wrapped || place <= *start));
}

}  // namespace

void add_cold_places(const Command& command, std::span<const std::string_view> arguments, Keyspace& keyspace, unsigned database,
                     ColdKeys& cold) {
  if (command.handler == &scan_command) add_places_of_scan(arguments, keyspace, database, cold);
  if (command.handler == &keys_command && !protocol::is_literal_glob(arguments[1])) add_places_of_keys(keyspace, database, cold);
  if (command.handler == &randomkey_command) add_places_of_random_key(keyspace, database, cold);
}

void keys_command(Call& call) {
  const std::string_view pattern = call.arguments[1];
  std::vector<std::string> keys;
  if (protocol::is_literal_glob(pattern)) {
    if (call.data.has(pattern)) keys.emplace_back(pattern);
  } else {
    for (Keyspace* const keyspace : call.data.cores()) {
      std::uint64_t place = 0;
      do {
        place = keyspace->scan(call.data.number(), place, [&](std::string_view key) {
          if (matches(pattern, key)) keys.emplace_back(key);
        });
      } while (place != 0);
    }
  }
  call.reply.array(keys.size());
  for (const std::string& key : keys) call.reply.bulk(key);
}

// Each core as likely as it has keys.
void randomkey_command(Call& call) {
  const std::uint64_t random = draw(static_cast<std::uint64_t>(call.now_ms));
  const std::uint64_t total = call.data.size();
  std::uint64_t chosen = total == 0 ? 0 : random % total;
  std::string key;
  for (Keyspace* const keyspace : call.data.cores()) {
    const std::uint64_t size = keyspace->size(call.data.number());
    if (chosen < size && keyspace->random_key(call.data.number(), random * 0xbf58476d1ce4e5b9, key)) return call.reply.bulk(key);
    chosen = chosen < size ? 0 : chosen - size;
  }
  // Sizes may be estimates, and the dice have found none.
  for (Keyspace* const keyspace : call.data.cores()) {
    if (keyspace->random_key(call.data.number(), random, key)) return call.reply.bulk(key);
  }
  call.reply.null();
}

void dbsize_command(Call& call) { call.reply.integer(static_cast<std::int64_t>(call.data.size())); }

void flushdb_command(Call& call) {
  if (!check_flush(call)) return;
  call.data.clear();
  call.reply.ok();
}

void flushall_command(Call& call) {
  if (!check_flush(call)) return;
  for (Keyspace* const keyspace : call.data.cores()) keyspace->clear_all();
  call.reply.ok();
}

void swapdb_command(Call& call) {
  const auto one = read_int(call, call.arguments[1], errors::kFirstDatabase);
  if (!one) return;
  const auto other = read_int(call, call.arguments[2], errors::kSecondDatabase);
  if (!other) return;
  if (*one < 0 || *one >= kDatabaseCount || *other < 0 || *other >= kDatabaseCount) return call.reply.error(errors::kDatabaseRange);
  for (Keyspace* const keyspace : call.data.cores()) keyspace->swap(static_cast<unsigned>(*one), static_cast<unsigned>(*other));
  call.reply.ok();
}

}  // namespace kv
