// Hash slots: which of 16384 parts of the key space a key belongs to.
//
// CRC16 (XMODEM) of the key, or of what stands between its first "{" and the next "}" if that is anything, so that keys with one tag
// lie together. Source: Redis Cluster specification, "Hash tags".
//
// Thread: any. Cost: about a nanosecond a byte.
#pragma once

#include <cstdint>
#include <string_view>

namespace kv::protocol {

inline constexpr std::uint16_t kSlotCount = 16384;

std::uint16_t crc16(std::string_view bytes) noexcept;

// The part of the key that decides.
std::string_view hash_tag(std::string_view key) noexcept;

// 0 to kSlotCount - 1.
std::uint16_t key_slot(std::string_view key) noexcept;

}  // namespace kv::protocol
