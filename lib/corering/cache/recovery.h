// Recovery: reads a cache file and gives its owner back what it held.
//
//   a sync of the device → marks → the first block of every segment → the segments behind the last known sync point, for headers
//   → all segments that count, in the order of the log → the owner, key by key
//
// The sync comes first because the process before may have been killed with much of the log in the page cache only: what is found is built
// on, segments that it says are free are written over, and after a power failure it must be found again.
//
// The order of the log is the order in the file but for one turn-around, so nearly everything is one sequential read, with the next
// segment under way while one is checked.
//
// Thread: owning core only. Part of Log. Cost: memory of RecoveryTable; a step checks at most one segment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "corering/cache/block_device.h"
#include "corering/cache/file_tier.h"
#include "corering/cache/log_replay.h"
#include "corering/cache/log_shared.h"
#include "corering/cache/transfer.h"

namespace corering::cache {

class Recovery {
 public:
  Recovery(LogShared& shared, FileTier& file, BlockDevice& device);
  ~Recovery();

  // True while there is something to do without waiting for the device.
  bool step();

  bool is_done() const noexcept { return phase_ == Phase::done; }
  bool is_idle() const noexcept;

 private:
  enum class Phase : std::uint8_t { begin, syncing, marks, headers, newest, replay, deliver, done };

  struct Piece {
    std::uint64_t generation;
    SegmentId segment;
  };

  // A read under way or ready to be looked at; taken in the order in which they were started.
  struct Read {
    void on_end(int result) {
      error = result;
      ready = true;
    }

    std::size_t number = 0;  // of the mark, the segment or the piece
    std::uint64_t offset = 0;
    base::MutableBytes bytes;
    int error = 0;
    bool ready = false;
    Transfer transfer = Transfer::to<&Read::on_end>(this);
  };

  void enter(Phase phase, std::size_t first);
  std::size_t numbers() const noexcept;  // how many reads the phase takes
  void on_device_synced(int error);
  void start_reads();
  void start_read(Read& read);
  void take(const Read& read);
  void take_header(const Read& read);
  void take_newest(const Read& read);
  void take_piece(const Read& read);
  void end_phase();
  bool deliver();
  void hand_over();
  void report_progress();

  LogShared& shared_;
  FileTier& file_;
  BlockDevice& device_;
  bool is_durable_ = true;
  FoundMarks marks_;
  LogReplay replay_;
  Phase phase_ = Phase::begin;
  Transfer sync_ = Transfer::to<&Recovery::on_device_synced>(this);
  std::vector<std::byte> blocks_;  // small reads go here
  std::vector<FrameId> frames_;    // and segments there
  std::vector<std::unique_ptr<Read>> reads_;
  std::size_t next_start_ = 0;  // numbers of the phase
  std::size_t next_take_ = 0;
  std::vector<Piece> pieces_;  // segments that hold something, by generation
  std::size_t cursor_ = 0;     // in the table, while delivering
  std::uint64_t bytes_total_ = 0;
  std::uint64_t bytes_reported_ = 0;
};

}  // namespace corering::cache
