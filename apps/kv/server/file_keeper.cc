#include "kv/server/file_keeper.h"

#include <chrono>
#include <cstdio>
#include <string>

#include "corering/base/log.h"

namespace kv {

namespace {

using corering::base::Instant;
using corering::base::LogLevel;
using corering::cache::FileState;
using corering::cache::LogCounters;

constexpr auto kReportEvery = std::chrono::seconds(2);

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

std::string seconds(corering::base::Duration duration) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f s", std::chrono::duration<double>(duration).count());
  return text;
}

}  // namespace

FileKeeper::FileKeeper(Node& node, unsigned core, Keyspace& keyspace, HomeDevice* device)
    : node_(node), core_(core), keyspace_(keyspace), device_(device), synced_ms_(node.started_ms) {
  is_recovering_ = !keyspace.is_ready();
  if (is_recovering_) node.cores_loading.fetch_add(1, std::memory_order_relaxed);
  is_loading_ = device != nullptr;  // others may be recovering
}

bool FileKeeper::is_healthy() const noexcept {
  return device_ != nullptr && keyspace_.cache().log()->file_state() == FileState::healthy;
}

bool FileKeeper::is_over(std::uint64_t ticket) const noexcept {
  return !is_healthy() || keyspace_.cache().durable_version() >= ticket;
}

void FileKeeper::after_advance(Instant now) {
  if (device_ == nullptr) return;
  if (is_recovering_) {
    report_progress(now);
    if (!keyspace_.is_ready()) return advance_stop();
    end_loading(now);
  }
  const bool is_sound = is_healthy();
  if (was_healthy_ && !is_sound) {
    corering::base::log(LogLevel::error, "core " + std::to_string(core_) +
                                             ": the cache file has failed: it is not written any more, and the next start finds it "
                                             "empty; what is in memory is served on");
  }
  const std::uint64_t ended = keyspace_.cache().sync_points_ended();
  if (ended != syncs_seen_ || was_healthy_ != is_sound) {
    // What was stored before the last sync point began; a sync point begins after the one before has ended.
    if (is_sound) synced_ms_ = sync_began_ms_;
    sync_began_ms_ = keyspace_.now_ms();
    syncs_seen_ = ended;
    was_healthy_ = is_sound;
    wake(waiters_);
  }
  advance_stop();
}

// A core that has no client may still carry out commands of one that has: so all wait for all.
void FileKeeper::advance_stop() {
  if (is_resting_ || !is_quiet_ || node_.cores_quiet.load(std::memory_order_acquire) != node_.slots.core_count()) return;
  // What is being recovered was not changed.
  if (is_recovering_ || !node_.saves_at_stop.load(std::memory_order_relaxed)) return rest(0);
  if (has_given_up_) return rest(keyspace_.cache().counters().dirty_items.value());
  if (!is_saving_) keyspace_.begin_stop();
  is_saving_ = true;
  if (keyspace_.cache().is_stopped()) rest(0);
}

void FileKeeper::report_progress(Instant now) {
  if (began_ == Instant::never()) {
    began_ = now;
    next_report_ = now + kReportEvery;
  }
  if (now < next_report_) return;
  next_report_ = now + kReportEvery;
  const LogCounters& counters = keyspace_.cache().log()->counters();
  corering::base::log(LogLevel::info, "core " + std::to_string(core_) +
                                          ": recovering: " + mebibytes(counters.recovered_bytes.value()) + " read of a file of " +
                                          mebibytes(device_->bytes()) + " after " + seconds(now - began_));
}

void FileKeeper::end_loading(Instant now) {
  is_recovering_ = false;
  sync_began_ms_ = keyspace_.now_ms();
  const LogCounters& counters = keyspace_.cache().log()->counters();
  std::string line = "core " + std::to_string(core_) + ": recovered " + std::to_string(counters.recovered_records.value()) +
                     " items, " + mebibytes(counters.recovered_bytes.value()) + " read in " + seconds(now - began_);
  if (counters.recovery_damaged_pieces.value() != 0) {
    line += "; " + std::to_string(counters.recovery_damaged_pieces.value()) + " damaged pieces, " +
            std::to_string(counters.recovery_forgotten_records.value()) + " items forgotten because of them";
  }
  corering::base::log(counters.recovery_damaged_pieces.value() == 0 ? LogLevel::info : LogLevel::warning, line);
  node_.cores_loading.fetch_sub(1, std::memory_order_release);
}

void FileKeeper::note_quiet() {
  if (!is_quiet_) node_.cores_quiet.fetch_add(1, std::memory_order_release);
  is_quiet_ = true;
}

void FileKeeper::rest(std::uint64_t unsaved_items) {
  is_resting_ = true;
  node_.items_at_stop.fetch_add(keyspace_.cache().item_count(), std::memory_order_relaxed);
  node_.unsaved_items.fetch_add(unsaved_items, std::memory_order_relaxed);
  node_.unsaved_large_bytes.fetch_add(keyspace_.cache().counters().l1_large_bytes.value(), std::memory_order_relaxed);
  if (!is_healthy() && !is_recovering_) node_.failed_files.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace kv
