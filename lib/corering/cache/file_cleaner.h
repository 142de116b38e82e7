// FileCleaner: makes room in the file: reads its oldest segment and asks the owner which of the records are worth writing again.
//
// The oldest, and not the emptiest: only from the old end can a segment go without a trace, its tombstones included (README.md). What
// is kept goes to the head of the log, so writing stays sequential; what that costs is file_kept_bytes.
//
// Thread: owning core only. Part of Log. Cost: one sequential read per segment; step bounded.
#pragma once

#include <optional>

#include "corering/cache/file_tier.h"
#include "corering/cache/log_shared.h"
#include "corering/cache/memory_tier.h"
#include "corering/cache/segment_walk.h"
#include "corering/cache/transfer.h"

namespace corering::cache {

class FileCleaner {
 public:
  FileCleaner(LogShared& shared, FileTier& file, MemoryTier& memory) : shared_(shared), file_(file), memory_(memory) {}
  ~FileCleaner() { stop(); }

  // True if more waits that needs no device.
  bool step();

  // The segment under way is forgotten by the log.
  void abandon() noexcept { abandoned_ = true; }

  bool is_idle() const noexcept { return !transfer_.in_flight(); }

  // No segment is cleaned in part. Where one is, records that were dropped still lie in a segment that counts: a sync point now would
  // let them come back, and with them what is deleted meanwhile.
  bool is_resting() const noexcept { return phase_ != Phase::walking || !begun_; }

 private:
  enum class Phase : std::uint8_t { idle, reading, walking };

  bool begin();
  void on_read(int error);
  void walk();
  void settle(const RecordView& record);
  void stop() noexcept;

  LogShared& shared_;
  FileTier& file_;
  MemoryTier& memory_;
  Phase phase_ = Phase::idle;
  bool abandoned_ = false;
  SegmentId segment_ = kNoSegment;
  FrameId frame_ = kNoFrame;  // that it was read into
  FramePin pin_;              // or the segment's own
  std::optional<SegmentWalk> walk_;
  bool begun_ = false;  // to walk
  bool in_batch_ = false;
  Transfer transfer_ = Transfer::to<&FileCleaner::on_read>(this);
};

}  // namespace corering::cache
