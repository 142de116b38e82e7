// LogReplay: rebuilds what a log held from its segments, given one after the other in the order of their generations.
//
// The log is followed batch by batch. A batch that is missing or not whole is the end of the log if no sync point had passed it: a crash
// tore it, and what lies behind was promised to nobody. If one had, the batch was durable and has been damaged since: it may have
// held deletes and overwrites, so everything older is forgotten, and what lies behind it goes on counting. And if the marks that say how
// far sync points reached are damaged themselves, the newest batches may be gone without a trace: then nothing counts.
//
// Thread: one. No I/O: Recovery reads for it. Cost: CRC32C of every record, one table access per record.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "corering/base/bytes.h"
#include "corering/cache/batch.h"
#include "corering/cache/file_marks.h"
#include "corering/cache/file_tier.h"
#include "corering/cache/hash.h"
#include "corering/cache/log_shared.h"
#include "corering/cache/recovery_table.h"
#include "corering/cache/segment_walk.h"

namespace corering::cache {

class LogReplay {
 public:
  explicit LogReplay(LogShared& shared) : shared_(shared), hash_(shared.options.key_hash_seed) {}

  // A header that was found, anywhere: what it knows of sync points, tails and runs. All are to be noted before the first segment is
  // applied.
  void note(const BatchHeader& header);
  void note_synced(LogPosition position) { synced_ = std::max(synced_, position); }
  void note_marks(const FoundMarks& found);

  LogPosition synced() const noexcept { return synced_; }
  // All headers are noted.
  void begin();
  // After begin: from which generation on segments are to be applied: none at all if nothing counts.
  std::uint64_t first_generation() const noexcept { return marks_.are_complete() ? start_.generation : UINT64_MAX; }

  // The next segment; generations ascend.
  void apply(SegmentId id, std::uint64_t generation, base::ByteView bytes);
  void finish();

  // After finish: which segments count is in the segment table.
  LogEnds ends() const noexcept;
  const RecoveryTable& table() const noexcept { return table_; }
  bool is_current(LogLocation location) const noexcept { return shared_.segments.live_segment_of(location) != kNoSegment; }
  std::uint64_t sequence_max() const noexcept { return sequence_max_; }

 private:
  struct Run {
    LogPosition previous_end;
    std::uint64_t generation;
  };

  struct Tail {
    LogPosition position;  // of the batch that tells of it
    LogPosition tail;
  };

  struct Miss {
    LogPosition position;
    std::uint64_t records;  // forgotten because of it
  };

  struct Batch {
    LogPosition position;
    std::uint32_t offset;  // in its segment
  };

  bool reaches(const BatchHeader& header);  // whether the batch counts, after dealing with what is missing before it
  bool is_void(LogPosition position) const noexcept;
  void jump_to_next_run() noexcept;
  bool miss(LogPosition missing, LogPosition next);
  void apply_batch(SegmentId id, SegmentWalk& walk);
  void forget_all();
  std::uint64_t seen_generation() const noexcept;

  LogShared& shared_;
  const KeyHash hash_;
  RecoveryTable table_;
  std::vector<Run> runs_;
  std::vector<Tail> tails_;
  FoundMarks marks_;
  LogPosition synced_;
  LogPosition start_{1, 0};
  LogPosition expected_;    // the next batch
  LogPosition normal_end_;  // behind the last batch that counts
  LogPosition tail_;
  LogPosition tail_on_file_;
  std::vector<Batch> batches_;  // that count, in the order of the log
  std::vector<SegmentId> applied_;
  std::vector<Miss> misses_;
  std::uint64_t generation_max_ = 0;
  std::uint64_t sequence_max_ = 0;
  bool ended_ = false;
};

}  // namespace corering::cache
