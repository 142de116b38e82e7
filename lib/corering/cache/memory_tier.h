// MemoryTier: L2: records packed into frames, cleaned from the oldest.
//
// Cleaning begins when the last free segment is opened, so that the next one is ready when that is full; what comes faster is refused.
//
// Thread: owning core only. Part of Log. Cost: append a copy and a checksum.
#pragma once

#include <cstddef>

#include "corering/cache/log_shared.h"
#include "corering/cache/segment_queue.h"

namespace corering::cache {

class FileTier;

class MemoryTier {
 public:
  // `file`: where records go whose fate is the file; nullptr if there is none.
  MemoryTier(LogShared& shared, FileTier* file);

  LogLocation try_append(const RecordView& record);

  // Cleans a bounded piece. True if more waits.
  bool step();

  void begin_drain() noexcept { draining_ = true; }
  bool is_empty() const noexcept { return live_.empty(); }

  // Forgets all records; the owner is not asked.
  void clear() noexcept;

  std::size_t live_segments() const noexcept { return live_.size(); }
  std::size_t live_bytes() const noexcept;

 private:
  bool open_segment() noexcept;
  bool wants_cleaning() const noexcept;
  void settle(LogLocation from, const RecordView& record);
  void finish_oldest() noexcept;

  LogShared& shared_;
  FileTier* const file_;
  std::uint64_t generation_ = 0;
  SegmentQueue live_;  // the oldest first; the open one is the last
  SegmentQueue free_;
  std::size_t clean_offset_ = 0;  // in the oldest
  bool cleaning_ = false;
  bool draining_ = false;
};

}  // namespace corering::cache
