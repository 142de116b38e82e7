// FileTier: L3 as it is written: a ring of segments in a file, filled in memory, written in whole batches, reused from the oldest.
//
//   free → open → sealed (written, then only in the file) → quarantined → free
//
// A quarantined segment counts no more, but what replaces it (records that cleaning moved, the new tail) is not durable yet: it is
// written over only when a sync point has passed. That, and the order of appends, is why nothing old comes back.
//
// Thread: owning core only. Part of Log. Cost: append a copy and a checksum; no allocation after construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "corering/cache/batch.h"
#include "corering/cache/block_device.h"
#include "corering/cache/file_marks.h"
#include "corering/cache/log_shared.h"
#include "corering/cache/segment_queue.h"
#include "corering/cache/transfer.h"

namespace corering::cache {

class SyncPoints;

// Where the log of a file begins and ends when writing starts: what the recovery found.
struct LogEnds {
  LogPosition tail;
  LogPosition tail_on_file;  // what batches say; less than `tail` if damage took more
  LogPosition end;           // of the run before
  LogPosition synced;        // everything before is durable
  std::uint64_t run_generation = 1;
  FoundMarks marks;
};

class FileTier {
 public:
  // Who may take how many of the last free segments: a sync point all of them, because it frees others; tombstones all but one; the
  // rest all but two.
  enum class Priority : std::uint8_t { sync, tombstone, normal };

  FileTier(LogShared& shared, BlockDevice& device);
  ~FileTier();

  // The recovery is over: `live` segments in the order of the log, `free` in the order in which they are to be written.
  void start(const LogEnds& ends, const SegmentQueue& live, const SegmentQueue& free);

  LogLocation try_append(const RecordView& record, Priority priority = Priority::normal);

  // A tombstone that finds the disk behind is held in memory, and nothing else is appended before it: order decides at recovery. False if
  // it cannot be held either, or there is no segment for it: the caller forgets the file.
  bool try_bury(const RecordView& tombstone);
  // Appends what is held, as far as it goes. True if nothing is held any more.
  bool append_held();
  bool holds_tombstones() const noexcept { return !held_.empty(); }

  // Everything appended so far does not count any more; durable with the next sync point.
  void forget();

  // The oldest segment has been cleaned.
  void retire_oldest();

  // Writes what the open batch holds, or a batch without records if only the tail is to be made known. False if that has no room now.
  bool close_for_sync();
  LogPosition next_position() const noexcept;  // everything before it has been written, or is being written

  // A failed write or sync: nothing is written any more, and the file is marked so that the next start finds it empty.
  void fail(FileState state);

  FileState state() const noexcept { return state_; }
  bool is_healthy() const noexcept { return state_ == FileState::healthy; }

  // Writes that ended after this belong to the next epoch.
  void begin_epoch() noexcept { epoch_ ^= 1U; }
  std::uint32_t writes_of_last_epoch() const noexcept { return writes_[epoch_ ^ 1U]; }

  // Segments quarantined since the start.
  std::uint64_t quarantined_total() const noexcept { return freed_total_ + quarantined_.size(); }

  // A sync point has passed at `position`; of all quarantined since the start the first `released_total` may be written over.
  void on_synced(LogPosition position, std::uint64_t released_total);
  // Says so in the file; SyncPoints::on_marked follows.
  void write_marks() { shared_.counters.file_written_bytes.add(marks_.write(synced_)); }

  // Frees what may be written over and nobody reads any more.
  void release_quarantined() noexcept;

  void set_sync_points(SyncPoints& sync_points) noexcept { sync_points_ = &sync_points; }

  SegmentId oldest() const noexcept { return live_.empty() ? kNoSegment : live_.front(); }
  // No segment is left for records: only cleaning, and a sync point after it, make some.
  bool is_full() const noexcept { return free_.size() <= static_cast<std::size_t>(Priority::normal); }

  bool has_segment_for(Priority priority) const noexcept { return free_.size() > static_cast<std::size_t>(priority); }

  bool wants_cleaning() const noexcept;
  bool wants_free() const noexcept;  // quarantined segments are needed
  std::size_t live_segments() const noexcept { return live_.size(); }
  std::size_t free_segments() const noexcept { return free_.size(); }
  bool is_idle() const noexcept { return writes_[0] + writes_[1] == 0 && marks_.is_idle(); }
  BlockDevice& device() noexcept { return device_; }

 private:
  struct Write {
    explicit Write(FileTier& owner) : tier(owner) {}
    void on_end(int error) { tier.on_written(*this, error); }

    FileTier& tier;
    SegmentId segment = kNoSegment;
    unsigned epoch = 0;
    Transfer transfer = Transfer::to<&Write::on_end>(this);
  };

  LogLocation append(const RecordView& record, Priority priority);
  bool open_segment(Priority priority);
  void seal();
  void close_batch(bool last);
  void start_write(SegmentId id, std::size_t offset, std::size_t bytes);
  void on_written(Write& write, int error);
  void on_marked(int error);
  void release_frame(Segment& segment) noexcept;

  LogShared& shared_;
  BlockDevice& device_;
  SyncPoints* sync_points_ = nullptr;
  FileState state_ = FileState::recovering;
  FileMarks marks_;

  std::deque<std::vector<std::byte>> held_;  // tombstones
  std::size_t held_bytes_ = 0;

  SegmentId open_ = kNoSegment;
  std::size_t batch_offset_ = 0;  // in the open segment
  std::size_t cursor_ = 0;        // where the next record goes
  std::uint32_t batch_records_ = 0;
  LogPosition position_;  // of the batch that is closed next
  LogPosition tail_;
  LogPosition tail_written_;  // changes with sync points only: until then, what goes may be the last copy of what is dirty
  LogPosition synced_;
  LogPosition previous_end_;
  std::uint64_t run_generation_ = 0;

  SegmentQueue live_;  // in the order of the log; the open one is the last
  SegmentQueue free_;
  SegmentQueue quarantined_;
  std::uint64_t released_total_ = 0;  // quarantined once, and may be written over
  std::uint64_t freed_total_ = 0;     // and are
  std::size_t staged_ = 0;            // frames
  std::vector<std::unique_ptr<Write>> all_writes_;
  std::vector<Write*> idle_writes_;
  std::uint32_t writes_[2] = {0, 0};  // in flight, by epoch
  unsigned epoch_ = 0;
};

}  // namespace corering::cache
