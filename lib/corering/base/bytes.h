// Views of bytes. Not owning: each function that returns one says how long it lives.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace corering::base {

using ByteView = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

inline ByteView bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

inline std::string_view text_of(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

}  // namespace corering::base
