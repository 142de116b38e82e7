// Placed records: how records lie in a segment, and how one is known to be whole and in its own place.
//
// Each starts at a multiple of 16 bytes; zeros fill the gap. The first word, which is the record's CRC32C elsewhere, is here the CRC32C
// exclusive-or a salt made of the file's id, the segment's generation and the place: so a block that the disk has lost, moved, or kept
// from an earlier use of the segment does not pass for a record, nor do bytes inside somebody's value.
//
// Thread: any. Cost: one CRC32C of the record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "corering/base/bytes.h"
#include "corering/cache/log_location.h"
#include "corering/cache/record.h"

namespace corering::cache {

constexpr std::size_t placed_bytes(std::size_t record_bytes) noexcept {
  return (record_bytes + LogLocation::kUnitBytes - 1) / LogLocation::kUnitBytes * LogLocation::kUnitBytes;
}

// `file_id`: for the memory tier any number that nobody outside knows.
std::uint32_t place_salt(std::uint64_t file_id, std::uint64_t generation, std::uint64_t offset) noexcept;

// Seals the record that was written to the start of `room` and zeroes what fills it up. Requires: room.size() is placed_bytes(bytes).
void place_record(base::MutableBytes room, std::size_t bytes, std::uint32_t salt) noexcept;

// The record at the start of `bytes`, if it is whole and was placed with this salt.
std::optional<RecordView> verify_placed(base::ByteView bytes, std::uint32_t salt) noexcept;

}  // namespace corering::cache
