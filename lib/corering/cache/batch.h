// Batch: what is written to the file at once: a header and records, in blocks of their own.
//
// A segment is one batch if nothing forces it out earlier, and one more for every sync point that finds it open: a sync never writes
// into a block that an earlier sync made durable. Little-endian.
//
//   offset  bytes
//   0       8      magic "CRBATCH1"
//   8       8      file id
//   16      8      generation of the segment
//   24      4      number of the batch in its segment, from 0
//   28      4      bytes of records behind the header
//   32      4      number of records
//   36      4      flags; bit 0: the last batch of its segment
//   40      8, 4   tail: generation and batch from which on the log counts
//   52      8, 4   synced: everything before was durable when this batch was made
//   64      8      first generation of the run (of the process that wrote this)
//   72      8, 4   where the run before ended: what lies between there and the run's first generation does not count
//   84      8      place of the batch in the file: a header that was moved is no header
//   92      4      CRC32C of the bytes above
//   96             records, each at a multiple of 16 bytes (placed_record.h); zeros to the end of the block
//
// Thread: any.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "corering/base/bytes.h"

namespace corering::cache {

// A place in the order of the log: a batch of a generation.
struct LogPosition {
  std::uint64_t generation = 0;
  std::uint32_t batch = 0;

  friend auto operator<=>(const LogPosition&, const LogPosition&) = default;
};

struct BatchHeader {
  static constexpr std::size_t kBytes = 96;

  LogPosition position;
  std::uint32_t payload_bytes = 0;
  std::uint32_t record_count = 0;
  bool last = false;
  LogPosition tail;
  LogPosition synced;
  std::uint64_t run_generation = 0;
  LogPosition previous_end;

  // Of the whole batch, in blocks.
  std::size_t file_bytes() const noexcept;
};

// `offset`: of the batch in the file. Requires: to.size() >= kBytes.
void write_batch_header(base::MutableBytes to, const BatchHeader& header, std::uint64_t file_id, std::uint64_t offset) noexcept;

// Nothing if no header of this file, written for this place, starts here.
std::optional<BatchHeader> read_batch_header(base::ByteView from, std::uint64_t file_id, std::uint64_t offset) noexcept;

}  // namespace corering::cache
