// What handlers read arguments with, and answer with: each writes the error itself and returns nothing, or false, if there is one.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "kv/commands/call.h"
#include "kv/commands/errors.h"

namespace kv {

// Values from this size on are sent from where they lie.
inline constexpr std::size_t kReferenceBytesMin = std::size_t{16} << 10;

std::optional<std::int64_t> read_integer(Call& call, std::string_view argument, std::string_view error = errors::kNotAnInteger);
// As C's int.
std::optional<std::int64_t> read_int(Call& call, std::string_view argument, std::string_view error = errors::kNotAnInteger);

enum class TimeUnit : std::uint8_t { seconds, milliseconds };
enum class TimeBase : std::uint8_t { now, epoch };

// "invalid expire time in '...' command"
void refuse_expiry(Call& call);

// The time an option or SETEX names, in milliseconds since 1970; it must be positive.
std::optional<std::int64_t> read_expiry(Call& call, std::string_view argument, TimeUnit unit, TimeBase base);

bool is_option(std::string_view argument, std::string_view name) noexcept;

void refuse_arity(Call& call);

// The value of `key` as a bulk, or null.
void reply_value(Call& call, std::string_view key, Entry entry);

// Stores `value`, from the place where it landed if it did. False: the error is written.
bool store_value(Call& call, std::string_view key, std::string_view value, const PutOptions& options);

// False, and the error is written: it was not stored, though no condition forbade it.
bool stored_or_refused(Call& call, WriteStatus status);

// Whether a value of that size may be.
bool check_length(Call& call, std::uint64_t offset, std::uint64_t bytes);

}  // namespace kv
