// The whole cache, three tiers on a ring: a process stores, deletes, clears and reads, says through a pipe what it did and what is durable,
// and is killed at a random moment, or stops. Another life opens the file, and all it finds is checked against the journal.
//
// CORERING_SEED=<seed> chooses the lives, CORERING_CRASHES=<count> how many (200 in the test suite; the long form: 5000).

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "../environment.h"
#include "../sim/log_oracle.h"
#include "corering/testing/random.h"
#include "ring_cache.h"

namespace {

using corering::base::bytes_of;
using corering::testing::Random;
using crash::RingCache;
using sim::LogOracle;
using tests::number_from;

constexpr std::size_t kKeys = 300;
// So many lives a file has; in the first three quarters of them it is not full, and nothing durable may be missing.
constexpr std::uint64_t kLivesOfAFile = 100;
// With fewer free segments than a life fills cleaning may begin, and evict.
constexpr std::uint64_t kSegmentsOfALife = 60;

// What the writer tells, before (put, erase, clear) or after (the others) it happens.
struct Entry {
  enum class Kind : std::uint32_t { put, erase, clear, evicted, nearly_full, asks, durable };

  Kind kind;
  std::uint32_t key;
  std::uint64_t number;  // bytes of a put; the version asked for, or durable
};

// The child: works until it is killed, or stops after so many operations. Never returns.
class Writer {
 public:
  Writer(const std::string& path, std::uint64_t seed, int journal, LogOracle oracle)
      : random_(seed), journal_(journal), oracle_(std::move(oracle)) {
    if (const std::string refused = cache_.open(path); !refused.empty()) ::_exit(3);
    if (cache_->log()->usage().file_segments_free < kSegmentsOfALife) tell({Entry::Kind::nearly_full, 0, 0});
  }

  [[noreturn]] void run(std::size_t operations) {
    for (; operations > 0; --operations) {
      operate(static_cast<std::uint32_t>(random_.below(kKeys)));
      turn(RingCache::Wait::no);
      if (random_.chance(20)) turn(RingCache::Wait::a_moment);
    }
    tell({Entry::Kind::asks, 0, cache_->last_version()});
    cache_.stop();
    tell_evictions();
    tell({Entry::Kind::durable, 0, cache_->durable_version()});
    ::_exit(0);
  }

 private:
  void tell(const Entry& entry) {
    if (::write(journal_, &entry, sizeof entry) != sizeof entry) ::_exit(5);
  }

  void operate(std::uint32_t key) {
    const std::uint64_t dice = random_.below(1000);
    if (dice < 600) return put(key);
    if (dice < 750) return erase(key);
    if (dice < 960) return check(key);
    if (dice < 999) return ask();
    if (!random_.chance(200)) return;
    tell({Entry::Kind::clear, 0, 0});
    for (std::size_t each = 0; each < kKeys; ++each) oracle_.erase(each);
    cache_->clear();
  }

  void put(std::uint32_t key) {
    const std::size_t bytes = random_.chance(30) ? random_.between(3000, 60'000) : random_.between(20, 1500);
    tell({Entry::Kind::put, key, bytes});
    const std::string value = oracle_.put(key, bytes, 0);
    for (;;) {
      const auto status = cache_->put(bytes_of(LogOracle::key_name(key)), bytes_of(value)).status;
      if (status == corering::cache::WriteStatus::stored) return;
      if (status != corering::cache::WriteStatus::cold) ::_exit(7);
      cache_.fetch(LogOracle::key_name(key));
    }
  }

  void erase(std::uint32_t key) {
    tell({Entry::Kind::erase, key, 0});
    oracle_.erase(key);
    while (cache_->remove(bytes_of(LogOracle::key_name(key))) == corering::cache::RemoveStatus::cold)
      cache_.fetch(LogOracle::key_name(key));
  }

  void check(std::uint32_t key) {
    const auto value = cache_.read(LogOracle::key_name(key));
    if (value && !oracle_.check_running(key, *value).empty()) ::_exit(6);
  }

  void ask() {
    tell({Entry::Kind::asks, 0, cache_->last_version()});
    asked_.push_back(cache_->last_version());
  }

  // Evictions are told before what became durable with them.
  void turn(RingCache::Wait wait) {
    cache_.turn(wait);
    tell_evictions();
    if (asked_.empty() || asked_.front() > cache_->durable_version()) return;
    while (!asked_.empty() && asked_.front() <= cache_->durable_version()) asked_.pop_front();
    tell({Entry::Kind::durable, 0, cache_->durable_version()});
  }

  void tell_evictions() {
    const std::uint64_t evictions = cache_.evictions();
    if (evictions == evictions_) return;
    evictions_ = evictions;
    tell({Entry::Kind::evicted, 0, 0});
  }

  Random random_;
  const int journal_;
  LogOracle oracle_;
  RingCache cache_;
  std::deque<std::uint64_t> asked_;
  std::uint64_t evictions_ = 0;
};

class CacheCrash : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("corering-cache-crash-" + std::to_string(::getpid()));
    std::filesystem::remove(path_);
    const std::uint64_t seed = number_from("CORERING_SEED", std::random_device{}());
    std::printf("reproduce with CORERING_SEED=%llu\n", static_cast<unsigned long long>(seed));
    random_ = Random(seed);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  // One life of a writer, and what it said into the oracle. Every sixth stops.
  void live_and_die() {
    int pipe_fds[2];
    ASSERT_EQ(::pipe2(pipe_fds, O_CLOEXEC), 0);
    const std::uint64_t seed = random_.next();
    const bool stops = random_.chance(170);
    const std::size_t operations = stops ? random_.between(1, 400) : SIZE_MAX;
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) Writer(path_, seed, pipe_fds[1], oracle_).run(operations);
    ::close(pipe_fds[1]);
    // Killed by what it has done and not by the clock, so that a slow machine kills no earlier; then a moment later, or at once.
    const std::size_t last = stops ? SIZE_MAX : random_.between(1, 400);
    const auto moment = std::chrono::microseconds(random_.chance(500) ? random_.below(3000) : 0);
    std::size_t count = 0;
    Entry entry{};
    while (::read(pipe_fds[0], &entry, sizeof entry) == sizeof entry) {
      note(entry);
      if (++count != last) continue;
      std::this_thread::sleep_for(moment);
      ::kill(child, SIGKILL);
    }
    ::close(pipe_fds[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    if (stops) {
      ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "the writer did not stop: " << status;
      ++stops_;
    } else {
      ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the writer ended by itself: " << status;
    }
    entries_ += count;
    oracle_.give_up_syncs();
    // The last ones may have come too late to be told.
    if (std::exchange(nearly_full_, false)) {
      evicted();
    } else {
      ++strict_;
    }
  }

  // Nobody knows what: from now on a miss is no loss, until it is stored and durable again.
  void evicted() {
    oracle_.lose_all();
    ++evictions_;
  }

  void note(const Entry& entry) {
    switch (entry.kind) {
      case Entry::Kind::put: oracle_.put(entry.key, entry.number, 0); break;
      case Entry::Kind::erase: oracle_.erase(entry.key); break;
      case Entry::Kind::clear:
        for (std::size_t key = 0; key < kKeys; ++key) oracle_.erase(key);
        break;
      case Entry::Kind::evicted: evicted(); break;
      case Entry::Kind::nearly_full: nearly_full_ = true; break;
      case Entry::Kind::asks: oracle_.begin_sync(entry.number, std::vector<bool>(kKeys)); break;
      case Entry::Kind::durable:
        oracle_.end_sync(entry.number, true);
        ++durables_;
        break;
    }
  }

  // Every key, against the journal, in a life of its own that ends in order.
  void check() {
    RingCache cache;
    ASSERT_EQ(cache.open(path_), "");
    for (std::size_t key = 0; key < kKeys; ++key) {
      const auto value = cache.read(LogOracle::key_name(key));
      if (value) ++values_;
      ASSERT_EQ(oracle_.check_recovered(key, value ? &*value : nullptr, 1), "");
    }
    damaged_pieces_ += cache->log()->counters().recovery_damaged_pieces.value();
    cache.stop();
    if (cache.evictions() != 0) evicted();
  }

  std::filesystem::path path_;
  Random random_{0};
  LogOracle oracle_{kKeys};
  bool nearly_full_ = false;
  std::uint64_t strict_ = 0;  // lives in which nothing is evicted
  std::uint64_t entries_ = 0;
  std::uint64_t durables_ = 0;
  std::uint64_t stops_ = 0;
  std::uint64_t evictions_ = 0;
  std::uint64_t values_ = 0;
  std::uint64_t damaged_pieces_ = 0;
};

TEST_F(CacheCrash, KilledOrStoppedItIsNeverWrongAndKeepsWhatWasDurable) {
  const std::uint64_t rounds = number_from("CORERING_CRASHES", 200);
  for (std::uint64_t round = 0; round < rounds && !HasFatalFailure(); ++round) {
    if (round % kLivesOfAFile == 0) {
      std::filesystem::remove(path_);
      oracle_ = LogOracle(kKeys);
    }
    live_and_die();
    if (!HasFatalFailure()) check();
  }
  std::printf(
      "%llu lives, %llu of them stopped, %llu with room for all, %llu journal entries, %llu times told what is durable, "
      "%llu evictions, %llu values found\n",
      static_cast<unsigned long long>(rounds), static_cast<unsigned long long>(stops_), static_cast<unsigned long long>(strict_),
      static_cast<unsigned long long>(entries_), static_cast<unsigned long long>(durables_),
      static_cast<unsigned long long>(evictions_), static_cast<unsigned long long>(values_));
  if (HasFatalFailure()) return;
  EXPECT_EQ(damaged_pieces_, 0u) << "a crash is no damage";
  EXPECT_GT(durables_, rounds / 4);
  EXPECT_GT(strict_, rounds / 4);
  EXPECT_GT(values_, rounds * 10);
}

}  // namespace
