// Server: one core's share of the key-value server: its keyspace, its clients, its configuration and statistics, and its way to
// other cores.
//
// There is one per core. Whoever runs on that core uses it without a lock; of others only node() is shared.
//
// Thread: its core's. Lifetime: made before the core runs, outlives its connections.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "corering/base/intrusive.h"
#include "corering/mem/object_pool.h"
#include "corering/runtime/core.h"
#include "kv/server/access.h"
#include "kv/server/borrowing.h"
#include "kv/server/configuration.h"
#include "kv/server/errand.h"
#include "kv/server/file_keeper.h"
#include "kv/server/held_pin.h"
#include "kv/server/lending.h"
#include "kv/server/node.h"
#include "kv/server/outbox.h"
#include "kv/server/pubsub.h"
#include "kv/server/slow_log.h"
#include "kv/server/statistics.h"
#include "kv/server/tour.h"
#include "kv/server/tour_guide.h"
#include "kv/session/client.h"
#include "kv/store/database.h"

namespace kv {

class Landing;

// CLIENT PAUSE.
enum class Pause : std::uint8_t { none, writes, all };

class Server {
 public:
  // `device`: of the keyspace's file, if it has one.
  Server(corering::runtime::Core& core, Node& node, Configuration configuration, std::unique_ptr<Keyspace> keyspace,
         std::unique_ptr<HomeDevice> device = nullptr);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  corering::runtime::Core& core() noexcept { return core_; }
  Node& node() noexcept { return node_; }
  unsigned number() const noexcept { return number_; }
  unsigned core_count() const noexcept { return static_cast<unsigned>(node_.slots.core_count()); }

  // This core's copies, and what is only here.
  Configuration& configuration() noexcept { return configuration_; }
  Access& access() noexcept { return access_; }
  Statistics& statistics() noexcept { return statistics_; }
  SlowLog& slow_log() noexcept { return slow_log_; }
  PubSub& pubsub() noexcept { return pubsub_; }
  corering::base::List<Client, ClientTag>& clients() noexcept { return clients_; }
  std::size_t client_count() const noexcept { return client_count_; }
  Client* find_client(std::uint64_t id) noexcept;

  // Of this turn, since 1970.
  std::int64_t now_ms() const noexcept { return (core_.now().ns + wall_offset_ns_) / 1'000'000; }
  std::int64_t now_us() const noexcept { return (core_.now().ns + wall_offset_ns_) / 1'000; }

  // Requires: the keyspace is at home, or lent to the caller.
  Keyspace& keyspace() noexcept { return *keyspace_; }
  Lending& lending() noexcept { return lending_; }
  // The keyspace goes to a borrower, and comes back. Requires of lend: it is at home.
  void lend() noexcept;
  void take_back();
  // Whether this is called by the cache, which is in the middle of something: then the keyspace cannot be lent.
  bool is_inside_cache() const noexcept { return is_advancing_ || (device_ != nullptr && device_->is_telling()); }
  // Calls the waiter when that is over, in this turn or the next.
  void await_outside(KeyWaiter& waiter) noexcept {
    outside_waiters_.push_back(waiter);
    want_turn();
  }
  // Its work is to be done in this turn.
  void want_turn() noexcept { core_.flush_list().add(work_); }
  Outbox& outbox() noexcept { return outbox_; }
  Database database(unsigned number) noexcept { return {node_.keyspaces, node_.slots, number}; }

  // Brings the cache's budget and eviction in line with the configuration. Requires: the keyspace is at home.
  void apply_memory();

  // One-way news for another core; told in one of its next turns, in order.
  void tell(unsigned core, std::unique_ptr<Notice> notice);

  // CLIENT PAUSE and UNPAUSE, on this core. Commands that are paused wait, in order.
  void pause(Pause what, std::int64_t until_ms);
  void unpause();
  Pause paused() const noexcept { return paused_; }

  // MONITOR. Clients here that get a line for every command that any core executes for a client.
  std::vector<Client*>& monitors() noexcept { return monitors_; }
  void report_to_monitors(const Client& client, std::span<const std::string_view> arguments);

  // For sessions.
  void join(Client& client);
  void leave(Client& client) noexcept;

  // Whoever is about to use the keyspace: once per turn it learns the time, and does a piece of the work that waits.
  void enter_turn() {
    if (turn_began_ != core_.now()) [[unlikely]]
      begin_turn();
  }
  // What is not in L1 may have to be waited for.
  bool has_tiers() const noexcept { return has_tiers_; }
  bool has_file() const noexcept { return keeper_.has_file(); }
  FileKeeper& file_keeper() noexcept { return keeper_; }
  // Commands that need keys are answered -LOADING.
  bool is_loading() noexcept { return keeper_.is_loading(); }
  // Asks for a sync point, and sees to it; see FileKeeper::is_over. Requires: there is a file, and the keyspace is at home.
  std::uint64_t request_sync();
  void await_unpause(KeyWaiter& waiter) noexcept { pause_waiters_.push_back(waiter); }
  void forget_pause(KeyWaiter& waiter) noexcept { pause_waiters_.erase(pause_waiters_.iterator_to(waiter)); }
  bool has_monitors() const noexcept { return node_.monitors.load(std::memory_order_relaxed) != 0; }

  // Calls of commands; with their durations, for the slow log and LATENCY, if began_ns is not 0. Units: ns of an arbitrary start; never 0.
  static std::int64_t clock_ns() noexcept { return corering::base::SteadyClock().now().ns | 1; }
  void note_call(const Command& command, std::span<const std::string_view> arguments, std::int64_t began_ns, const Client* client);

  // Drops what has landed, now or when the keyspace that it lies in is at home.
  void drop(Landing& landing);

  // A pin of a core's keyspace as one that may be released here, whenever.
  protocol::Pin hold(unsigned core, protocol::Pin pin);
  void give_back(HeldPin& pin) noexcept { held_pins_.give_back(pin); }

  Errand& borrow_errand(Employer& employer, unsigned core);
  void give_back(Errand& errand) noexcept { errands_.give_back(errand); }
  Borrowing& borrow_borrowing();
  void give_back(Borrowing& borrowing) noexcept { borrowings_.give_back(borrowing); }
  TourGuide& borrow_guide(Traveller& traveller, std::unique_ptr<Tour> tour, bool holds_keys);
  void give_back(TourGuide& guide) noexcept { guides_.give_back(guide); }

  // For the service: its life.
  void start();
  // No new clients come: those that are here go, and then the file is written.
  void drain();
  void abort() noexcept;
  bool is_idle() const noexcept;

 private:
  void begin_turn();
  void on_work();
  bool is_quiet() const noexcept;
  corering::base::Duration tick() const noexcept;
  void on_patience_ends();
  void on_tick();
  void close_idle_clients();
  void measure_wall_offset() noexcept;
  void end_pause();

  corering::runtime::Core& core_;
  Node& node_;
  const unsigned number_;
  Configuration configuration_;
  Access access_;
  Statistics statistics_;
  SlowLog slow_log_;
  PubSub pubsub_;
  std::unique_ptr<HomeDevice> device_;
  std::unique_ptr<Keyspace> keyspace_;
  FileKeeper keeper_;
  Outbox outbox_;
  Lending lending_;
  corering::mem::ObjectPool<Errand> errands_;
  corering::mem::ObjectPool<Borrowing> borrowings_;
  corering::mem::ObjectPool<TourGuide> guides_;
  corering::mem::ObjectPool<HeldPin> held_pins_;
  corering::base::List<KeyWaiter, KeyWaiterTag> pause_waiters_;
  corering::base::List<KeyWaiter, KeyWaiterTag> outside_waiters_;
  std::size_t notices_ = 0;  // under way
  corering::base::Instant turn_began_;
  bool has_tiers_ = false;
  bool is_advancing_ = false;
  bool is_draining_ = false;
  corering::base::List<Client, ClientTag> clients_;
  std::size_t client_count_ = 0;
  std::vector<Client*> monitors_;
  corering::base::Instant next_idle_search_;
  std::int64_t wall_offset_ns_ = 0;
  Pause paused_ = Pause::none;
  corering::sched::Timer tick_ = corering::sched::Timer::to<&Server::on_tick>(this);
  corering::sched::Timer patience_ = corering::sched::Timer::to<&Server::on_patience_ends>(this);
  corering::runtime::Flushable work_ = corering::runtime::Flushable::to<&Server::on_work>(this);
  corering::sched::Timer pause_timer_ = corering::sched::Timer::to<&Server::end_pause>(this);
};

}  // namespace kv
