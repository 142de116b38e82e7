// CRC64 of dump payloads: the polynomial of David T. Jones, reflected, no inversion. Source: Redis, crcspeed.
#pragma once

#include <cstdint>
#include <string_view>

namespace kv::protocol {

// Goes on from `crc`, 0 at the beginning. Thread: any. Cost: about half a nanosecond a byte.
std::uint64_t crc64(std::uint64_t crc, std::string_view bytes) noexcept;

}  // namespace kv::protocol
