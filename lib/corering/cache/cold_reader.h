// ColdReader: reads single records out of the file, a bounded number at a time, each record once however many ask for it.
//
// The first read is of the blocks in which a small record ends; a longer one takes a second read. What the owner has not released keeps
// its buffer, so slow replies slow further reads down, not the memory of the process.
//
// Thread: owning core only. Part of Log. Cost: no allocation after construction.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "corering/cache/cold_read.h"
#include "corering/cache/file_tier.h"
#include "corering/cache/log_shared.h"
#include "corering/cache/transfer.h"

namespace corering::cache {

class ColdReader {
 public:
  static constexpr std::size_t kBufferBytes = std::size_t{64} << 10;  // a record that does not fit takes a frame
  static constexpr std::size_t kFirstBytes = 1024;                    // a record that is expected to be no longer takes one read
  static constexpr unsigned kErrorsInRowMax = 8;                      // then the file is off

  // Requires: `buffers` holds reads_in_flight_max * kBufferBytes.
  ColdReader(LogShared& shared, FileTier& file, base::MutableBytes buffers);
  ~ColdReader();

  bool try_read(ColdRead& read, LogLocation location);

  // Ends reads that need no device, and starts those that waited. True if it did something.
  bool step();

  std::size_t in_flight() const noexcept { return in_flight_; }
  std::size_t waiting() const noexcept { return waiting_count_; }
  bool is_idle() const noexcept { return in_flight_ == 0; }

 private:
  friend class ColdRead;
  friend class ReadSlot;

  ReadSlot* reading_at(LogLocation location) noexcept;
  bool try_start(ColdRead& read);
  void end(ColdRead& read, ColdRead::Outcome outcome);
  void forget(ColdRead& read) noexcept;
  void release(ReadSlot& slot) noexcept;
  void count_error();

  LogShared& shared_;
  FileTier& file_;
  std::vector<std::unique_ptr<ReadSlot>> slots_;
  std::vector<ReadSlot*> idle_;
  base::List<ColdRead, ColdReadTag> waiting_;
  base::List<ColdRead, ColdReadTag> ended_;  // without a read: the location is stale
  std::size_t waiting_count_ = 0;
  std::size_t in_flight_ = 0;
  unsigned errors_in_row_ = 0;
};

}  // namespace corering::cache
