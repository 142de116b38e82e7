// FileKeeper: looks after the file of this core's keyspace: its recovery, those who wait for a sync point, and the clean stop.
//
//   start      the file is read back; clients are answered -LOADING until every core is done (Server::is_loading)
//   serving    what is stored becomes durable within --l3_sync_ms, and at once for those who wait for it (SAVE)
//   draining   when no core has a client any more, what the file does not hold yet is written
//   closed     the cache does nothing more, and the kernel has nothing of it
//
// Without a file it is closed as soon as it drains.
//
// Thread: its core's. Lifetime: as its Server; the keyspace and the device outlive it.
#pragma once

#include <cstdint>

#include "corering/base/clock.h"
#include "corering/base/intrusive.h"
#include "kv/server/lending.h"
#include "kv/server/node.h"
#include "kv/store/home_device.h"
#include "kv/store/keyspace.h"

namespace kv {

class FileKeeper {
 public:
  // `device`: null without a file.
  FileKeeper(Node& node, unsigned core, Keyspace& keyspace, HomeDevice* device);
  FileKeeper(const FileKeeper&) = delete;
  FileKeeper& operator=(const FileKeeper&) = delete;

  bool has_file() const noexcept { return device_ != nullptr; }
  bool is_healthy() const noexcept;
  // Keys cannot be asked for yet, on some core.
  bool is_loading() noexcept { return is_loading_ && (is_loading_ = node_.cores_loading.load(std::memory_order_acquire) != 0); }

  // After each Keyspace::advance, at home.
  void after_advance(corering::base::Instant now);

  // Calls the waiter when the sync point of that ticket (Cache::request_sync) has ended, or the file has failed.
  bool is_over(std::uint64_t ticket) const noexcept;
  void await_sync(KeyWaiter& waiter) noexcept { waiters_.push_back(waiter); }

  // Since 1970: everything that was stored before is durable. The start's time until then.
  // Grows while the file cannot take all that is to be saved.
  std::uint64_t rounds_cut_short() const noexcept { return keyspace_.cache().rounds_cut_short(); }
  std::int64_t synced_ms() const noexcept { return synced_ms_; }

  // Once this core has no client and nothing under way.
  void note_quiet();
  // Saves no more: the drain time-out has passed.
  void give_up() noexcept { has_given_up_ = true; }
  // The cache is to do no more.
  bool is_resting() const noexcept { return is_resting_; }
  bool is_closed() const noexcept { return device_ == nullptr || (is_resting_ && device_->in_flight() == 0); }

 private:
  void report_progress(corering::base::Instant now);
  void end_loading(corering::base::Instant now);
  void advance_stop();
  void rest(std::uint64_t unsaved_items);

  Node& node_;
  const unsigned core_;
  Keyspace& keyspace_;
  HomeDevice* const device_;
  bool is_recovering_ = false;  // this core
  bool is_loading_ = false;     // some core
  bool is_quiet_ = false;
  bool is_saving_ = false;
  bool has_given_up_ = false;
  bool is_resting_ = false;
  bool was_healthy_ = true;
  std::uint64_t syncs_seen_ = 0;
  std::int64_t synced_ms_ = 0;
  std::int64_t sync_began_ms_ = 0;
  corering::base::Instant began_ = corering::base::Instant::never();
  corering::base::Instant next_report_;
  corering::base::List<KeyWaiter, KeyWaiterTag> waiters_;
};

}  // namespace kv
