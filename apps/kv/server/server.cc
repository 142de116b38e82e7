#include "kv/server/server.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "corering/base/assert.h"
#include "kv/commands/command.h"
#include "kv/session/landing.h"

namespace kv {

namespace {

constexpr auto kTick = std::chrono::milliseconds(100);

// News under way to another core, and back.
struct NoticeParcel : Parcel {
  Server* home = nullptr;
  std::unique_ptr<Notice> notice;
};

}  // namespace

Server::Server(corering::runtime::Core& core, Node& node, Configuration configuration, std::unique_ptr<Keyspace> keyspace,
               std::unique_ptr<HomeDevice> device)
    : core_(core),
      node_(node),
      number_(core.id().value),
      configuration_(std::move(configuration)),
      pubsub_(node),
      device_(std::move(device)),
      keyspace_(std::move(keyspace)),
      keeper_(node, number_, *keyspace_, device_.get()),
      outbox_(core, node),
      errands_({.room = corering::mem::Room::app}),
      borrowings_({.room = corering::mem::Room::app}),
      guides_({.room = corering::mem::Room::app}),
      held_pins_({.room = corering::mem::Room::app}) {
  node_.servers[number_] = this;
  node_.keyspaces[number_] = keyspace_.get();
  access_.set_default_password(configuration_.password);
  statistics_.register_metrics(core.registry());
  corering::cache::register_counters(core.registry(), keyspace_->cache().counters());
  if (const corering::cache::Log* const log = keyspace_->cache().log()) {
    has_tiers_ = true;
    corering::cache::register_counters(core.registry(), log->counters());
  }
  if (device_ != nullptr) {
    device_->set_on_end([](void* server) { static_cast<Server*>(server)->want_turn(); }, this);
  }
  measure_wall_offset();
}

Server::~Server() {
  core_.timers().stop(tick_);
  core_.timers().stop(pause_timer_);
  core_.timers().stop(patience_);
  core_.flush_list().remove(work_);
  CORERING_ASSERT(clients_.empty(), "a server dies before its clients");
}

void Server::start() {
  measure_wall_offset();
  core_.timers().start(tick_, core_.now() + tick());
  if (has_tiers_) want_turn();
}

// Half of the time is the clients', the rest is the file's: those who do not take their replies must not cost others what they stored.
void Server::drain() {
  is_draining_ = true;
  if (has_file()) core_.timers().start(patience_, core_.now() + core_.options().drain_timeout / 2);
  core_.timers().start(tick_, core_.now() + tick());
  want_turn();
}

void Server::on_patience_ends() {
  std::vector<Client*> late;  // first: closing one may change the list
  for (Client& client : clients_) late.push_back(&client);
  for (Client* client : late) client->kill();
}

void Server::abort() noexcept {
  keeper_.give_up();
  want_turn();
}

bool Server::is_idle() const noexcept { return is_quiet() && keeper_.is_closed(); }

bool Server::is_quiet() const noexcept {
  return clients_.empty() && outbox_.empty() && lending_.is_home() && !lending_.has_waiters() && borrowings_.live() == 0 &&
         errands_.live() == 0 && guides_.live() == 0 && held_pins_.live() == 0 && notices_ == 0;
}

Client* Server::find_client(std::uint64_t id) noexcept {
  const auto found = std::ranges::find_if(clients_, [id](const Client& client) { return client.id() == id; });
  return found == clients_.end() ? nullptr : &*found;
}

void Server::begin_turn() {
  turn_began_ = core_.now();
  if (!lending_.is_home() || keeper_.is_resting()) return;
  is_advancing_ = true;
  const bool has_more = keyspace_->advance(now_ms());
  is_advancing_ = false;
  if (is_draining_ && is_quiet()) keeper_.note_quiet();
  keeper_.after_advance(core_.now());
  if (has_more && !keeper_.is_resting()) want_turn();
}

// What waits to be done goes on though nobody asks for anything.
void Server::on_work() {
  wake(outside_waiters_);
  if (turn_began_ == core_.now()) return want_turn();
  begin_turn();
}

void Server::lend() noexcept {
  lending_.lend();
  if (device_ != nullptr) device_->leave();
}

void Server::take_back() {
  keyspace_->show(nullptr);
  if (device_ != nullptr) device_->come_home();
  if (has_tiers_) want_turn();
  lending_.take_back();
}

std::uint64_t Server::request_sync() {
  want_turn();
  return keyspace_->cache().request_sync();
}

// Sync points begin on time, also when nobody comes by; and when it is to end, it is to end soon.
corering::base::Duration Server::tick() const noexcept {
  if (!has_file()) return kTick;
  if (is_draining_) return std::chrono::milliseconds(1);
  return std::clamp<corering::base::Duration>(std::chrono::milliseconds(configuration_.l3_sync_ms) / 4,
                                              std::chrono::milliseconds(1), kTick);
}

namespace {

// A machine that has no memory left for the bookkeeping of a command cannot run it, and a command must not be lost.
template <typename T>
T& require(T* borrowed) {
  CORERING_ASSERT(borrowed != nullptr, "there is no memory to carry out a command");
  return *borrowed;
}

// What has landed in a keyspace that is away.
struct Leftover final : KeyWaiter {
  corering::cache::Reservation reservation;
  void on_keys_home() override { delete this; }
};

}  // namespace

Errand& Server::borrow_errand(Employer& employer, unsigned core) { return require(errands_.try_borrow(*this, employer, core)); }

Borrowing& Server::borrow_borrowing() { return require(borrowings_.try_borrow(*this)); }

TourGuide& Server::borrow_guide(Traveller& traveller, std::unique_ptr<Tour> tour, bool holds_keys) {
  return require(guides_.try_borrow(*this, traveller, std::move(tour), holds_keys));
}

void Server::drop(Landing& landing) {
  if (landing.is_reserved() && !lending_.is_home()) {
    auto* leftover = new Leftover;
    leftover->reservation = std::move(landing.reservation());
    lending_.await(*leftover);
  }
  landing.clear();
}

void Server::note_call(const Command& command, std::span<const std::string_view> arguments, std::int64_t began_ns,
                       const Client* client) {
  if (began_ns == 0) return statistics_.by_command.count(command);
  const std::int64_t took_us = (clock_ns() - began_ns) / 1000;
  statistics_.by_command.note(command, static_cast<std::uint64_t>(took_us));
  const std::int64_t threshold_ms = configuration_.latency_threshold_ms;
  if (threshold_ms != 0 && took_us >= threshold_ms * 1000) {
    statistics_.latencies.note((command.flags & kFast) != 0 ? "fast-command" : "command", now_ms() / 1000, took_us / 1000);
  }
  if (configuration_.slowlog_us < 0 || took_us < configuration_.slowlog_us || (command.flags & kSkipSlowlog) != 0) return;
  slow_log_.note(arguments, now_ms() / 1000, took_us, client, configuration_.slowlog_count_max);
}

protocol::Pin Server::hold(unsigned core, protocol::Pin pin) {
  if (core_count() == 1) return pin;
  HeldPin& held = require(held_pins_.try_borrow(*this, core, pin));
  return {[](void* owner) noexcept { static_cast<HeldPin*>(owner)->release(); }, &held};
}

// The budget counts items; without eviction the room to move them in comes on top.
void Server::apply_memory() {
  const std::size_t budget_bytes = configuration_.l1_bytes / core_count();
  const bool evicts = configuration_.eviction != "noeviction";
  keyspace_->set_eviction(evicts ? Eviction::allowed : Eviction::refused, budget_bytes);
  // What the cache refuses is below its least: then it stays as it is.
  static_cast<void>(keyspace_->cache().set_l1_bytes(evicts ? budget_bytes : budget_bytes / 8 * 9));
}

void Server::tell(unsigned core, std::unique_ptr<Notice> notice) {
  if (core == number_) return notice->tell(*this);
  auto* parcel = new NoticeParcel;
  parcel->home = this;
  parcel->notice = std::move(notice);
  ++notices_;
  outbox_.send(core, *parcel, [](Server& there, Parcel& arrived) {
    auto& news = static_cast<NoticeParcel&>(arrived);
    news.notice->tell(there);
    there.outbox().send(news.home->number(), news, [](Server& home, Parcel& returned) {
      --home.notices_;
      delete static_cast<NoticeParcel*>(&returned);
    });
  });
}

void Server::pause(Pause what, std::int64_t until_ms) {
  paused_ = what;
  const auto left = std::chrono::milliseconds(std::max<std::int64_t>(until_ms - now_ms(), 0));
  core_.timers().start(pause_timer_, core_.now() + left);
}

void Server::unpause() {
  core_.timers().stop(pause_timer_);
  end_pause();
}

void Server::end_pause() {
  paused_ = Pause::none;
  wake(pause_waiters_);
}

void Server::join(Client& client) {
  clients_.push_back(client);
  ++client_count_;
  statistics_.connections.add();
}

void Server::leave(Client& client) noexcept {
  pubsub_.forget(client);
  if (client.is_monitor) {
    std::erase(monitors_, &client);
    node_.monitors.fetch_sub(1, std::memory_order_relaxed);
  }
  clients_.erase(clients_.iterator_to(client));
  --client_count_;
}

namespace {

// As redis-cli shows them: quotes, backslashes and what is not printable escaped.
void append_quoted(std::string& line, std::string_view argument) {
  line += '"';
  for (const char letter : argument) {
    switch (letter) {
      case '\\': line += "\\\\"; break;
      case '"': line += "\\\""; break;
      case '\n': line += "\\n"; break;
      case '\r': line += "\\r"; break;
      case '\t': line += "\\t"; break;
      case '\a': line += "\\a"; break;
      case '\b': line += "\\b"; break;
      default:
        if (letter >= 0x20 && letter < 0x7f) {
          line += letter;
        } else {
          std::array<char, 5> escaped;
          std::snprintf(escaped.data(), escaped.size(), "\\x%02x", static_cast<unsigned char>(letter));
          line.append(escaped.data(), 4);
        }
    }
  }
  line += '"';
}

class MonitorLine final : public Notice {
 public:
  explicit MonitorLine(std::string line) : line_(std::move(line)) {}
  void tell(Server& there) override {
    for (Client* monitor : there.monitors()) monitor->send_out_of_turn(line_);
  }

 private:
  const std::string line_;
};

}  // namespace

void Server::report_to_monitors(const Client& client, std::span<const std::string_view> arguments) {
  std::array<char, 64> time;
  const std::int64_t us = now_us();
  std::snprintf(time.data(), time.size(), "+%lld.%06lld [%u ", static_cast<long long>(us / 1'000'000),
                static_cast<long long>(us % 1'000'000), client.database);
  std::string line(time.data());
  line.append(client.peer_address()).append("]");
  for (const std::string_view argument : arguments) {
    line += ' ';
    append_quoted(line, argument);
  }
  line += "\r\n";
  for (unsigned core = 0; core < core_count(); ++core) tell(core, std::make_unique<MonitorLine>(line));
}

void Server::on_tick() {
  measure_wall_offset();
  statistics_.command_rate.sample(core_.now().ns / 1'000'000, statistics_.commands.value());
  close_idle_clients();
  if (lending_.is_home()) static_cast<void>(keyspace_->cache().counters());  // brings the gauges up to date
  begin_turn();
  core_.timers().start(tick_, core_.now() + tick());
}

// CONFIG SET timeout; who only listens is never idle. Once a second.
void Server::close_idle_clients() {
  if (configuration_.timeout_s == 0 || core_.now() < next_idle_search_) return;
  next_idle_search_ = core_.now() + std::chrono::seconds(1);
  std::vector<Client*> idle;  // first: closing one may change the list
  for (Client& client : clients_) {
    const bool waits = client.is_monitor || !client.subscriptions.empty() || client.is_blocked();
    if (!waits && core_.now() - client.active_at > std::chrono::seconds(configuration_.timeout_s)) idle.push_back(&client);
  }
  for (Client* client : idle) client->kill();
}

// The core's clock has an arbitrary start, and the wall's is set now and then.
void Server::measure_wall_offset() noexcept {
  const auto wall = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch());
  wall_offset_ns_ = wall.count() - core_.now().ns;
}

}  // namespace kv
