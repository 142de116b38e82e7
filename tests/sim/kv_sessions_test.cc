// Lives of the key-value server on the simulated ring: clients whose pipelines are cut at random places, who read slowly or break off,
// under seeded faults of the kernel; every reply is checked against a model. A failure prints its seed; CORERING_SEED=<seed> runs that
// one alone.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "../environment.h"
#include "corering/base/log.h"
#include "corering/cache/cache.h"
#include "corering/testing/simulated_core.h"
#include "corering/testing/simulated_device.h"
#include "kv/server/service.h"

namespace {

using tests::number_from;

namespace base = corering::base;
namespace cache = corering::cache;
namespace net = corering::net;
namespace runtime = corering::runtime;
namespace simulated = corering::testing;

// Text put together piece by piece: g++ 12 warns of operator+ (GCC bug 105329).
std::string joined(std::initializer_list<std::string_view> pieces) {
  std::string text;
  for (const std::string_view piece : pieces) text.append(piece);
  return text;
}

std::string bulk(std::string_view value) { return joined({"$", std::to_string(value.size()), "\r\n", value, "\r\n"}); }
std::string number(std::uint64_t value) { return joined({":", std::to_string(value), "\r\n"}); }

std::string request(const std::vector<std::string>& arguments) {
  std::string bytes = joined({"*", std::to_string(arguments.size()), "\r\n"});
  for (const std::string& argument : arguments) bytes.append(bulk(argument));
  return bytes;
}

// What a client says, and what it must hear: its keys are its own, so a map is the model.
class Script {
 public:
  Script(std::uint64_t client, simulated::Random& random) : prefix_(joined({"c", std::to_string(client), ":"})) {
    const std::size_t commands = random.between(1, 60);
    for (std::size_t count = 0; count < commands; ++count) add(random);
  }

  std::string requests;
  std::string replies;

 private:
  void add(simulated::Random& random) {
    const std::string key = joined({prefix_, std::to_string(random.below(6))});
    switch (random.below(8)) {
      case 0: return set(key, random, {});
      case 1: return set(key, random, {"PX", "100000000"});
      case 2: return get(key);
      case 3: return say({"DEL", key}, model_.erase(key) != 0 ? ":1\r\n" : ":0\r\n");
      case 4: return append(key, random);
      case 5: return transaction(key, random);
      case 6: return say({"ECHO", key}, bulk(key));
      default: return say({"NOSUCH"}, "-ERR unknown command 'NOSUCH', with args beginning with: \r\n");
    }
  }

  void say(const std::vector<std::string>& arguments, const std::string& reply) {
    requests += request(arguments);
    replies += reply;
  }

  static std::string value(simulated::Random& random) {
    const std::size_t size = random.chance(100) ? random.between(1000, 60'000) : random.between(0, 100);
    return std::string(size, static_cast<char>('a' + random.below(26)));
  }

  void set(const std::string& key, simulated::Random& random, const std::vector<std::string>& options) {
    std::vector<std::string> arguments{"SET", key, model_[key] = value(random)};
    arguments.insert(arguments.end(), options.begin(), options.end());
    say(arguments, "+OK\r\n");
  }

  void get(const std::string& key) {
    const auto found = model_.find(key);
    say({"GET", key}, found == model_.end() ? "$-1\r\n" : bulk(found->second));
  }

  void append(const std::string& key, simulated::Random& random) {
    const std::string more = value(random);
    say({"APPEND", key, more}, number(model_[key].append(more).size()));
  }

  void transaction(const std::string& key, simulated::Random& random) {
    const std::string set_to = value(random);
    model_[key] = set_to;
    say({"MULTI"}, "+OK\r\n");
    say({"SET", key, set_to}, "+QUEUED\r\n");
    say({"STRLEN", key}, "+QUEUED\r\n");
    say({"EXEC"}, joined({"*2\r\n+OK\r\n", number(set_to.size())}));
  }

  const std::string prefix_;
  std::map<std::string, std::string> model_;
};

class ScriptedClient {
 public:
  enum class Manner : std::uint8_t { ordinary, finishing, resetting };

  ScriptedClient(simulated::Peer peer, Script script, Manner manner, simulated::Random& random)
      : peer_(std::move(peer)), script_(std::move(script)), manner_(manner), break_at_(random.below(script_.requests.size())) {}

  // Does one thing; false if it cannot.
  bool act(simulated::Random& random) {
    if (broken_) return false;
    return random.chance(500) ? write(random) || read(random) : read(random) || write(random);
  }

  bool is_done() const noexcept { return broken_ || read_ == script_.replies.size(); }
  bool was_broken() const noexcept { return broken_; }
  const std::string& failure() const noexcept { return failure_; }

 private:
  bool write(simulated::Random& random) {
    const std::size_t left = script_.requests.size() - written_;
    if (manner_ == Manner::resetting && written_ >= break_at_) {
      peer_.reset();
      broken_ = true;
      return true;
    }
    if (left == 0) {
      if (manner_ != Manner::finishing || has_finished_) return false;
      peer_.finish_writing();
      return has_finished_ = true;
    }
    const std::size_t part = std::min(left, random.between(1, 3000));
    const std::size_t taken = peer_.write(base::bytes_of(std::string_view(script_.requests).substr(written_, part)));
    written_ += taken;
    return taken != 0;
  }

  bool read(simulated::Random& random) {
    std::vector<std::byte> bytes(random.between(1, 5000));
    const std::size_t count = peer_.read(bytes);
    const std::string_view heard = base::text_of(std::span(bytes).first(count));
    const std::string_view expected = std::string_view(script_.replies).substr(read_, count);
    if (heard != expected) {
      failure_ =
          joined({"at byte ", std::to_string(read_), " heard '", heard.substr(0, 200), "', not '", expected.substr(0, 200), "'"});
      broken_ = true;
      return true;
    }
    read_ += count;
    return count != 0;
  }

  simulated::Peer peer_;
  const Script script_;
  const Manner manner_;
  const std::size_t break_at_;
  std::size_t written_ = 0;
  std::size_t read_ = 0;
  bool has_finished_ = false;
  bool broken_ = false;
  std::string failure_;
};

class KvSimulation {
 public:
  explicit KvSimulation(std::uint64_t seed) : random_(seed), node_(1) {
    core_ = std::make_unique<simulated::SimulatedCore>(options(), simulated::Faults{}, random_.next());
  }

  // Empty, or what went wrong.
  std::string run() {
    const int listener = core_->network().open_listener();
    core_->start([&](runtime::Core& core) { return make_service(core, listener); });
    if (!core_->turn_until([this] { return node_.cores_loading == 0; }, 10'000)) return "the file is never read";
    for (std::uint64_t number = random_.between(1, 8); number > 0; --number) connect(listener, number);
    core_->backend().on_idle([this] { return let_somebody_act(); });
    const bool all_done = core_->turn_until([this] { return are_done(); }, 200'000);
    for (const auto& client : clients_) {
      if (!client->failure().empty()) return client->failure();
    }
    if (!all_done) return "somebody waits for replies";
    if (!core_->stop(200'000)) return "it does not stop";
    if (!core_->backend().violations().empty()) return core_->backend().violations().front();
    return {};
  }

  // Those of the log are there with a file only.
  std::uint64_t counter(std::string_view name) { return has_file_ || !name.starts_with("cache_log_") ? core_->counter(name) : 0; }

 private:
  runtime::Options options() {
    runtime::Options options;
    options.cores = 1;
    options.chunks = {.chunk_bytes = 1024 * random_.between(1, 4), .chunk_count = random_.between(32, 128)};
    options.small_chunks = {.chunk_bytes = 1024, .chunk_count = 16};
    options.receive_window_chunks = 8;
    return options;
  }

  std::unique_ptr<runtime::Service> make_service(runtime::Core& core, int listener) {
    net::Limits limits;
    limits.connections_max = 16;
    limits.send_queue_bytes_high = random_.between(1000, 100'000);
    limits.send_queue_bytes_low = limits.send_queue_bytes_high / 4;
    limits.lent_slices_max = random_.between(0, 8);
    cache::CacheOptions options{.l1_bytes = std::size_t{16} << 20, .hash_seed = 1, .now_ms = 1};
    auto device = make_device(options);
    auto cache = cache::Cache::open(options);
    EXPECT_TRUE(cache);
    return std::make_unique<kv::KvService>(core, node_, kv::Configuration{}, std::make_unique<kv::Keyspace>(std::move(*cache)),
                                           kv::Listeners{{listener}, {}}, limits, std::move(device));
  }

  // In two of three lives there is a file, and in one of them it fails sooner or later: clients do not notice.
  std::unique_ptr<kv::HomeDevice> make_device(cache::CacheOptions& options) {
    const std::uint64_t kind = random_.below(3);
    if (kind == 0) return nullptr;
    has_file_ = true;
    options.log = {.segment_bytes = 64 << 10, .memory_segments = 4};
    options.sync_ms = 1;
    options.layout = {.file_id = 1, .segment_bytes = 64 << 10, .segment_count = 64};
    auto disk = std::make_unique<simulated::SimulatedDevice>(options.layout.file_bytes(), random_.next());
    disk->set_faults({.short_transfer = 100});
    if (kind == 2) disk->set_faults({.short_transfer = 100, .write_error = 50, .sync_error = 50});
    auto device = std::make_unique<kv::HomeDevice>(std::move(disk));
    options.device = device.get();
    return device;
  }

  void connect(int listener, std::uint64_t number) {
    static constexpr ScriptedClient::Manner kManners[] = {ScriptedClient::Manner::ordinary, ScriptedClient::Manner::ordinary,
                                                          ScriptedClient::Manner::finishing, ScriptedClient::Manner::resetting};
    simulated::Peer peer = core_->network().connect(listener, random_.between(100, 8000), random_.between(100, 8000));
    clients_.push_back(
        std::make_unique<ScriptedClient>(std::move(peer), Script(number, random_), kManners[random_.below(4)], random_));
  }

  bool let_somebody_act() {
    const std::size_t first = static_cast<std::size_t>(random_.below(clients_.size()));
    for (std::size_t index = 0; index < clients_.size(); ++index) {
      if (clients_[(first + index) % clients_.size()]->act(random_)) return true;
    }
    return false;
  }

  bool are_done() const {
    return std::ranges::all_of(clients_, [](const auto& client) { return client->is_done() || !client->failure().empty(); });
  }

  simulated::Random random_;
  kv::Node node_;
  bool has_file_ = false;
  std::vector<std::unique_ptr<ScriptedClient>> clients_;
  std::unique_ptr<simulated::SimulatedCore> core_;
};

TEST(KvSessions, EveryReplyIsTheModelsOnEverySeed) {
  const bool single = std::getenv("CORERING_SEED") != nullptr;
  const std::uint64_t first = number_from("CORERING_SEED", std::random_device{}() * std::uint64_t{1'000'000});
  const std::uint64_t count = single ? 1 : number_from("CORERING_SCHEDULES", 500);
  std::printf("seeds %llu to %llu\n", static_cast<unsigned long long>(first), static_cast<unsigned long long>(first + count - 1));
  base::set_log_level(base::LogLevel::silent);  // files fail
  std::map<std::string, std::uint64_t> sums;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    KvSimulation simulation(seed);
    ASSERT_EQ(simulation.run(), "") << "reproduce with CORERING_SEED=" << seed;
    for (const char* name : {"short_sends", "landed_bytes", "lent_bytes", "kv_spilled_bytes", "lending_refused", "throttled",
                             "starved", "cache_log_syncs", "cache_log_write_errors", "cache_log_sync_errors"}) {
      sums[name] += simulation.counter(name);
    }
  }
  // The storms have to happen, or the schedules prove little.
  for (const auto& [name, sum] : sums) {
    EXPECT_GT(single ? 1u : sum, 0u) << name;
  }
}

}  // namespace
