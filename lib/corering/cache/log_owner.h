// LogOwner: what the log asks and tells the one whose records it holds: the cache with its index.
//
// The log knows places, the owner knows keys. Cleaning walks the oldest segment of a tier, asks for the fate of every record and says
// where it went, so that the index is right at every moment between two calls.
//
// Thread: owning core only. The calls come from inside step(); on_file_forgotten from inside append_tombstone; on_sync_ended and
// on_file_state also from wherever the device ends requests. None may call step() or close the log; appending from inside them is allowed.
#pragma once

#include <cstdint>

#include "corering/cache/log_location.h"
#include "corering/cache/record.h"

namespace corering::cache {

// memory: L2, sealed and packed, gone with the process. file: L3.
enum class LogTier : std::uint8_t { memory, file };

// What becomes of a record whose segment is cleaned.
enum class Fate : std::uint8_t {
  dead,    // not current: deleted, overwritten, expired, or the index points elsewhere. Nobody is told
  evict,   // current, but not worth keeping: on_dropped follows
  memory,  // goes to the head of the memory tier: on_moved follows, or on_dropped if there is no room
  file,    // goes to the head of the file: the same
};

// Numbers the sync points of a log, from 1.
using SyncTicket = std::uint64_t;

enum class FileState : std::uint8_t {
  none,        // the log has no file
  recovering,  // being read; nothing is appended to it yet
  healthy,
  read_only,  // a write or a sync failed: what is there is still served, and the next start finds the file empty
  off,        // reads fail too: every location in it is a miss
};

// A record that survived, and its place.
struct RecoveredRecord {
  std::uint64_t key_hash;  // KeyHash(LogOptions::key_hash_seed)
  LogLocation location;
};

class LogOwner {
 public:
  virtual ~LogOwner() = default;

  // Whether the record at `from` is current, and whether it is worth keeping.
  // A record of the file to which the index does not point may still be the durable copy of an item that lives in L1 or in the memory
  // tier: if it has that item's sequence, the owner marks the item dirty, or appends the record to the file again and answers `dead`. The
  // copy that goes now counts until the next sync point.
  virtual Fate on_clean(LogTier tier, LogLocation from, const RecordView& record) = 0;

  // The record's current place is `to` from now on.
  virtual void on_moved(const RecordView& record, LogLocation from, LogLocation to) = 0;

  // The record is in the log no more, so it has no durable copy either once the next sync point has passed.
  virtual void on_dropped(const RecordView& record, LogLocation from) = 0;

  // The newest record of one key, not deleted, not expired at start. Each key once, in no order.
  virtual void on_recovered(const RecoveredRecord& record) = 0;

  // Everything is recovered. `sequence_max`: the largest sequence seen, 0 if none: the owner goes on above it.
  virtual void on_recovery_ended(std::uint64_t sequence_max) = 0;

  // Part of the recovery is done. Called about once per 64 MiB read.
  virtual void on_recovery_progress(std::uint64_t bytes_read, std::uint64_t bytes_total) = 0;

  // Everything up to `ticket` is over. With `durable` false the file has failed: what was acknowledged since the last ticket that
  // ended well may be lost.
  virtual void on_sync_ended(SyncTicket ticket, bool durable) = 0;

  // An overrun (Log::append_tombstone): locations in the file are misses from now on, and what is in L1 has no copy there any more.
  virtual void on_file_forgotten() = 0;

  // The file needs a sync point to go on: segments that are clean may be written over only after one. The owner hands over what is
  // dirty, as always, and calls Log::sync, now or soon.
  virtual void on_sync_wanted() = 0;

  // An I/O error has moved the file to this state.
  virtual void on_file_state(FileState state) = 0;
};

}  // namespace corering::cache
