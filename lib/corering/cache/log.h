// Log: the warm and cold tiers of a cache: records packed into segments, in memory (L2) and in a file (L3).
//
// Two append-only tiers under one number space of locations. Whoever evicts from L1 appends to the memory tier. When that is full its
// oldest segment is cleaned: the owner says of each record whether it is dropped, stays, or goes to the file. The file is a ring of
// segments written in order; its oldest is cleaned the same way. What must survive a crash (dirty items, tombstones) is appended to the
// file directly, and a sync point makes it durable. README.md of this folder has the format, the promise and why it holds.
//
//   auto location = log->try_append(LogTier::memory, item);         // an eviction from L1
//   if (auto pinned = log->try_view(location)) use(pinned->record); // in memory: at once
//   else log->try_read(cold_read, location);                        // in the file: the handler of cold_read is called later
//   log->append_tombstone(key, sequence);                           // a delete of what may have a copy in the file
//   if (log->prepare_sync()) log->sync();                           // everything above is durable when on_sync_ended says so
//
// Order is what makes it safe: a record is appended to the file only while it is current. So of one key later in the file is newer,
// cleaning from the old end can never uncover an older version, and a tombstone may go as soon as its segment is the oldest.
//
// Nothing here waits: an append that finds no room is refused (the owner evicts, or keeps the item dirty), and counted.
//
// Thread: owning core only. Lifetime: owner and device outlive it; no pin, read or request is left when it dies (see is_idle).
// Cost: append a copy and a CRC32C of the record; view a CRC32C; step bounded by `step_bytes_max`; no allocation but in open and
// recovery.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "corering/base/bytes.h"
#include "corering/base/result.h"
#include "corering/cache/block_device.h"
#include "corering/cache/cold_read.h"
#include "corering/cache/log_counters.h"
#include "corering/cache/log_file_layout.h"
#include "corering/cache/log_location.h"
#include "corering/cache/log_options.h"
#include "corering/cache/log_owner.h"
#include "corering/cache/record.h"
#include "corering/cache/segment_frames.h"
#include "corering/metrics/registry.h"

namespace corering::cache {

// A record in memory and the hold on its segment.
struct PinnedRecord {
  RecordView record;
  FramePin pin;
};

class Log {
 public:
  // What the log needs of memory; pass it to open, e.g. a part of the core's arena, or let the log map its own.
  static std::size_t memory_bytes(const LogOptions& options, bool with_file);

  // `device` and `layout` (of LogFile) for a log with a file. Starts the recovery, which step() carries on.
  // Errors: invalid_argument (options against each other, or against the layout); out_of_memory.
  static base::Result<std::unique_ptr<Log>> open(const LogOptions& options, LogOwner& owner, base::MutableBytes memory = {});
  static base::Result<std::unique_ptr<Log>> open(const LogOptions& options, LogOwner& owner, BlockDevice& device,
                                                 const LogFileLayout& layout, base::MutableBytes memory = {});

  ~Log();

  // The largest record that either tier takes.
  std::size_t record_bytes_max() const noexcept;

  // Appends a copy of the record, current at this moment; its first word does not matter. Nowhere, and counted, if there is no room now:
  // cleaning has to make some first, the disk is slow, the file is not healthy, or the record is too large.
  LogLocation try_append(LogTier tier, const RecordView& record);

  // Deletes older records of the key from the file when it is recovered; for keys that have, or may have, a copy there. Cannot be
  // refused: if there is no room for it (the disk is slower than deletes come) the file forgets all it holds, which is counted.
  void append_tombstone(base::ByteView key, std::uint64_t sequence);

  // Everything appended so far, in both tiers, is gone; durable with the next sync point. Every location becomes a miss.
  void clear();

  // A sync point in two parts: prepare_sync in every turn until it returns true, which is soon (a segment that is being cleaned is
  // finished first); then everything dirty is appended, in as many turns as that takes; then sync. Meanwhile no segment is cleaned, so that
  // what becomes dirty too late for this sync point keeps its older copy until the next.
  bool prepare_sync() noexcept;

  // Everything appended to the file so far is durable when the ticket ends. Tickets end in order. Requires: prepare_sync has returned
  // true.
  SyncTicket sync();

  // The record, if it lies in memory. Nothing if it is in the file, or if the location is stale: compare the key.
  std::optional<PinnedRecord> try_view(LogLocation location);

  enum class Residence : std::uint8_t { memory, file, gone };
  Residence residence(LogLocation location) const noexcept;

  // Reads a record of the file. False, and counted, if too many wait already. Otherwise its handler is called, later.
  bool try_read(ColdRead& read, LogLocation location);

  // Does a bounded piece of the work that waits: recovery, cleaning. To be called once per turn while it returns true, and now and then
  // otherwise. Calls the owner; and readers, unless they are to wait: their handlers may do anything, and the caller is within an
  // operation.
  enum class Readers : std::uint8_t { hear, wait };
  bool step(Readers readers = Readers::hear);

  // From now on step() cleans the memory tier until it is empty: for a clean stop, with an owner that answers `file`.
  void begin_drain();
  bool is_drained() const noexcept;

  // Why the file has just refused a record: no free segment is left for it. Nothing but cleaning makes some, and nothing is cleaned between
  // prepare_sync and sync. Otherwise the disk is behind, and the next turn may find room.
  bool is_file_full() const noexcept;

  FileState file_state() const noexcept;
  bool is_recovered() const noexcept;  // appends are accepted

  // No request is with the device: the log may be closed.
  bool is_idle() const noexcept;

  const LogCounters& counters() const noexcept;
  LogUsage usage() const noexcept;

 private:
  struct Parts;
  static base::Result<std::unique_ptr<Log>> open(const LogOptions& options, LogOwner& owner, BlockDevice* device,
                                                 const LogFileLayout& layout, base::MutableBytes memory);
  explicit Log(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace corering::cache
