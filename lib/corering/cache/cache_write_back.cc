// The part of Cache that makes things durable: rounds of write-back, sync points, the stop.
#include <algorithm>

#include "corering/base/assert.h"
#include "corering/cache/cache.h"
#include "corering/cache/l1_record.h"
#include "corering/cache/l1_word.h"

namespace corering::cache {

namespace {

// Of the index, per turn, when everything must be written again.
constexpr int kGroupsMarked = 16;

}  // namespace

void Cache::mark_dirty(std::uint64_t hash, std::uint64_t location, DirtyQueue& queue) {
  L1Word word = L1Word::of(store_->at(location));
  if (word.is_dirty()) return;
  word.set_dirty(true);
  word.store(store_->at(location));
  queue.push(hash, Tier::l1, location);
}

void Cache::forget_dirty() noexcept {
  dirty_.clear();
  moved_.clear();
}

// Once per sync_ms: what has become dirty since goes to the file, bounded per turn, then a sync point makes it durable. True: more can
// be done in the next turn.
bool Cache::write_back(std::size_t bytes) {
  if (!has_file() || !log_->is_recovered()) return false;
  if (log_->file_state() != FileState::healthy) {
    forget_dirty();
    return false;
  }
  if (rewrite_cursor_) mark_all_dirty();
  if (write_back_ == WriteBack::idle) {
    if (rewrite_cursor_) return true;
    if (now_ms_ < next_sync_ms_ && !sync_wanted_ && !is_stopping_) return false;
    if (is_stop_synced_) return false;
    if (!log_->prepare_sync()) return log_->is_idle();
    write_back_ = WriteBack::writing;
    write_back_end_ = dirty_.pushed();
    write_back_version_ = sequence_;
    sync_wanted_ = false;
  }
  if (write_back_ != WriteBack::writing) return false;
  const auto next = [&]() -> DirtyQueue* {
    if (!moved_.empty()) return &moved_;
    return !dirty_.empty() && dirty_.popped() < write_back_end_ ? &dirty_ : nullptr;
  };
  DirtyQueue* queue = next();
  for (std::size_t done = 0; queue != nullptr; queue = next()) {
    if (done >= bytes) return true;
    if (try_write_back(queue->front(), done)) {
      queue->pop();
      continue;
    }
    // The disk is behind: the next turn goes on. But a full file is not cleaned before this round is over: the rest waits for the next.
    if (!log_->is_file_full()) return false;
    for (; !moved_.empty(); moved_.pop()) dirty_.push(moved_.front().hash, moved_.front().tier, moved_.front().location);
    write_back_end_ = dirty_.popped();
    write_back_version_ = 0;
    ++rounds_cut_short_;
  }
  if (rewrite_cursor_) return true;
  write_back_ = WriteBack::syncing;
  next_sync_ms_ = now_ms_ + sync_ms_;
  log_->sync();
  return log_->is_idle();  // nothing was new: the next step says so
}

// The file has forgotten everything, or a segment that could not be read: what lies above may have no copy there any more, and entries that
// lead there must go before their segments hold other records. So no sync point, which would set those free, begins until this is done.
void Cache::mark_all_dirty() {
  for (int groups = 0; groups < kGroupsMarked && rewrite_cursor_; ++groups) {
    const std::uint64_t cursor = *rewrite_cursor_;
    const std::uint64_t next = index_.visit_group(cursor, [&](IndexEntry entry) {
      if (entry.tier() == Tier::l1) {
        mark_dirty(hash_(RecordView(store_->at(entry.location())).key()), entry.location(), dirty_);
      } else if (log_->residence({entry.location()}) == Log::Residence::gone) {
        if (const Index::Slot slot = index_.find_in_log(Index::hash_like(cursor, entry), entry.location())) index_.erase(slot);
      } else if (!lies_in_file(entry.location())) {
        if (const auto view = log_->try_view({entry.location()}))
          dirty_.push(hash_(view->record.key()), Tier::log, entry.location());
      }
    });
    rewrite_cursor_.reset();
    if (next != 0) rewrite_cursor_ = next;
  }
}

bool Cache::try_write_back(const DirtyQueue::Item& item, std::size_t& bytes) {
  bytes += 64;
  if (item.tier == Tier::l1) {
    if (!index_.find_entry(item.hash, Tier::l1, item.location)) return true;
    std::byte* place = store_->at(item.location);
    L1Word word = L1Word::of(place);
    if (!word.is_dirty()) return true;
    const RecordView record(place);
    const auto whole = for_log(record);
    if (!whole) {
      // It cannot be in the file, and what is there of it is older.
      if (word.is_in_file()) bury(record.key());
      word.set_in_file(false);
    } else {
      if (!log_->try_append(LogTier::file, *whole)) return false;
      word.set_in_file(true);
      bytes += whole->bytes();
      counters_.written_back.add();
      counters_.written_back_bytes.add(whole->bytes());
    }
    word.set_dirty(false);
    word.store(place);
    return true;
  }
  const Index::Slot slot = index_.find_in_log(item.hash, item.location);
  if (!slot) return true;
  const auto view = log_->try_view({item.location});
  if (!view) return true;
  if (!log_->try_append(LogTier::file, view->record)) return false;
  bytes += view->record.bytes();
  counters_.written_back.add();
  counters_.written_back_bytes.add(view->record.bytes());
  const bool was_marked = slot.entry().is_marked();
  index_.replace(slot, Tier::log_and_file, item.location);
  if (was_marked) index_.mark(slot);
  return true;
}

void Cache::on_sync_ended(SyncTicket /*ticket*/, bool durable) {
  ++sync_points_ended_;
  if (write_back_ == WriteBack::syncing) write_back_ = WriteBack::idle;
  if (durable) durable_version_ = std::max(durable_version_, write_back_version_);
  // Not if this sync point had begun when something was deleted: its tombstone waits for the next.
  is_stop_synced_ = is_stopping_ && dirty_.empty() && !rewrite_cursor_ && durable_version_ == sequence_;
}

// The file is not written any more, so nothing waits for it. Entries in it are misses once it is off: lookups find that out.
void Cache::on_file_state(FileState state) {
  if (state == FileState::healthy) return;
  forget_dirty();
  write_back_ = WriteBack::idle;
}

bool Cache::is_stopped() const noexcept {
  if (!log_) return true;
  const bool is_written = !has_file() || log_->file_state() != FileState::healthy || is_stop_synced_;
  return is_written && log_->is_idle();
}

}  // namespace corering::cache
