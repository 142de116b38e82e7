#include "corering/cache/sync_points.h"

#include <utility>

namespace corering::cache {

SyncTicket SyncPoints::request() {
  ++wanted_;
  if (phase_ == Phase::idle && tier_.is_healthy()) try_begin();
  return wanted_;
}

bool SyncPoints::step() {
  if (phase_ != Phase::idle) return false;
  if (!tier_.is_healthy()) {
    if (tier_.state() == FileState::recovering || reported_ == wanted_) return false;
    report(wanted_, false);
    return true;
  }
  if (reported_ != wanted_) {
    try_begin();
    if (phase_ != Phase::idle) return true;
    if (!has_nothing_new()) return false;
    report(wanted_, true);
    return true;
  }
  if (tier_.wants_free()) shared_.owner.on_sync_wanted();
  return false;
}

// All is durable already, and no segment waits to be freed: an idle log leaves its disk alone.
bool SyncPoints::has_nothing_new() const noexcept {
  return tier_.next_position() == position_ && tier_.quarantined_total() == released_ && !tier_.holds_tombstones();
}

void SyncPoints::try_begin() {
  // No room even for a header, or tombstones wait: step() tries again when writes have ended.
  if (!tier_.append_held() || !tier_.close_for_sync()) return;
  prepared_ = false;
  if (has_nothing_new()) return;  // step() reports
  phase_ = Phase::writing;
  covered_ = wanted_;
  position_ = tier_.next_position();
  released_ = tier_.quarantined_total();
  tier_.begin_epoch();
  on_write_ended();
}

void SyncPoints::on_write_ended() {
  if (phase_ != Phase::writing || tier_.writes_of_last_epoch() != 0) return;
  if (!tier_.is_healthy()) {
    phase_ = Phase::idle;  // step() reports
    return;
  }
  phase_ = Phase::syncing;
  transfer_.sync(tier_.device());
}

void SyncPoints::on_device_synced(int error) {
  const Phase phase = std::exchange(phase_, Phase::idle);
  shared_.counters.device_syncs.add();
  if (error != 0) {
    shared_.counters.sync_errors.add();
    tier_.fail(FileState::read_only);
  }
  if (!tier_.is_healthy()) return;  // step() reports
  if (phase == Phase::syncing) {
    phase_ = Phase::marking;
    tier_.on_synced(position_, released_);
    return tier_.write_marks();
  }
  shared_.counters.syncs.add();
  if (covered_ != reported_) report(covered_, true);
  if (phase_ == Phase::idle && reported_ != wanted_ && tier_.is_healthy()) try_begin();
}

void SyncPoints::on_marked() {
  CORERING_ASSERT(phase_ == Phase::marking, "marks that no sync point has asked for");
  phase_ = Phase::idle;
  if (!tier_.is_healthy()) return;
  phase_ = Phase::committing;
  transfer_.sync(tier_.device());
}

void SyncPoints::report(SyncTicket ticket, bool durable) {
  reported_ = ticket;
  shared_.owner.on_sync_ended(ticket, durable);
}

}  // namespace corering::cache
