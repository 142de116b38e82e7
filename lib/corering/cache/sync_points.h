// SyncPoints: from "appended" to "durable": close the open batch, wait for every write so far, sync the device, mark in the file how far
// that reaches, sync the device again, tell the owner.
//
// The second sync is what makes the first one known for certain: a batch that is missing behind the newest mark was promised to nobody
// (file_marks.h). Without it damage to the last batches would look like a crash, and the versions before them would come back.
//
// One at a time; those asked for meanwhile become one more. Batches that are written while the device syncs belong to the next.
// A sync that fails is never repeated: the kernel may have dropped the pages and call the second one a success. The file turns read-only
// instead. Source: "Can Applications Recover from fsync Failures?", Rebello et al., USENIX ATC 2020.
//
// Thread: owning core only. Part of Log.
#pragma once

#include <cstdint>

#include "corering/cache/file_tier.h"
#include "corering/cache/log_shared.h"
#include "corering/cache/transfer.h"

namespace corering::cache {

class SyncPoints {
 public:
  SyncPoints(LogShared& shared, FileTier& tier) : shared_(shared), tier_(tier) { tier.set_sync_points(*this); }

  SyncTicket request();

  // No segment is to be cleaned until the next sync point begins.
  void prepare() noexcept { prepared_ = true; }
  bool is_prepared() const noexcept { return prepared_; }

  // Starts what could not start earlier, reports failures, and asks the owner for a sync point if segments are needed. True if that did
  // something.
  bool step();

  void on_write_ended();
  void on_marked();
  bool is_idle() const noexcept { return !transfer_.in_flight(); }

 private:
  enum class Phase : std::uint8_t { idle, writing, syncing, marking, committing };

  void try_begin();
  bool has_nothing_new() const noexcept;
  void on_device_synced(int error);
  void report(SyncTicket ticket, bool durable);

  LogShared& shared_;
  FileTier& tier_;
  Phase phase_ = Phase::idle;
  SyncTicket wanted_ = 0;
  SyncTicket covered_ = 0;  // by the sync point under way
  SyncTicket reported_ = 0;
  LogPosition position_;        // that it makes durable, or the last one did
  std::uint64_t released_ = 0;  // quarantined segments that it frees, counted from the start
  bool prepared_ = false;
  Transfer transfer_ = Transfer::to<&SyncPoints::on_device_synced>(this);
};

}  // namespace corering::cache
