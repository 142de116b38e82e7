// The real thing: a process writes to a cache file, says through a pipe what it did and what it synced, and is killed at a random moment.
// Another life opens the file and everything in it is checked against the journal.
//
// CORERING_SEED=<seed> chooses the lives, CORERING_CRASHES=<count> how many (200 in the test suite; the long form: 5000).

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <thread>
#include <vector>

#include "../sim/log_oracle.h"
#include "crash_file.h"

namespace {

using corering::testing::Random;
using crash::CrashFile;
using sim::LogOracle;

constexpr std::size_t kKeys = 400;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// What the writer tells, before (put, erase) or after (the others) it happens.
struct Entry {
  enum class Kind : std::uint32_t { put, erase, clear, lost, uncovered, sync_begins, sync_ended };

  Kind kind;
  std::uint32_t key;
  std::uint64_t number;  // bytes of a put, ticket of a sync
};

// The child: works until it is killed. Never returns.
class Writer {
 public:
  Writer(const std::string& path, std::uint64_t seed, int journal, LogOracle oracle)
      : random_(seed), journal_(journal), oracle_(std::move(oracle)) {
    if (!file_.open(path, seed).empty()) ::_exit(3);
    for (std::size_t key = 0; key < kKeys; ++key) keys_[sim::MapOwner::hash_of(LogOracle::key_name(key))] = key;
    file_.owner().on_lost = [this](std::uint64_t hash) { tell({Entry::Kind::lost, key_of(hash), 0}); };
    file_.owner().on_synced = [this](std::uint64_t ticket, bool durable) {
      if (!durable) ::_exit(4);
      tell({Entry::Kind::sync_ended, 0, ticket});
    };
    file_.owner().on_wanted = [this] { wants_sync_ = true; };
  }

  [[noreturn]] void run() {
    for (;;) {
      const std::uint64_t dice = random_.below(1000);
      const auto key = static_cast<std::uint32_t>(random_.below(kKeys));
      if (dice < 700) {
        put(key);
      } else if (dice < 900) {
        tell({Entry::Kind::erase, key, 0});
        oracle_.erase(key);
        file_.owner().erase(LogOracle::key_name(key));
      } else if (dice < 990) {
        check(key);
      } else if (dice < 999) {
        sync();
      } else if (random_.chance(100)) {
        tell({Entry::Kind::clear, 0, 0});
        for (std::size_t each = 0; each < kKeys; ++each) oracle_.erase(each);
        file_.owner().clear();
      }
      file_.log().step();
      if (wants_sync_) sync();
    }
  }

 private:
  std::uint32_t key_of(std::uint64_t hash) const { return static_cast<std::uint32_t>(keys_.at(hash)); }

  void tell(const Entry& entry) {
    if (::write(journal_, &entry, sizeof entry) != sizeof entry) ::_exit(5);
  }

  void put(std::uint32_t key) {
    const std::size_t bytes = random_.chance(20) ? random_.between(4000, 40000) : random_.between(20, 1500);
    tell({Entry::Kind::put, key, bytes});
    file_.owner().put(LogOracle::key_name(key), oracle_.put(key, bytes, 0));
    // Every second item moves on to the memory tier at once.
    if (random_.chance(500)) file_.owner().evict(sim::MapOwner::hash_of(LogOracle::key_name(key)));
  }

  void check(std::uint32_t key) {
    const auto value = file_.read(LogOracle::key_name(key));
    if (value && !oracle_.check_running(key, *value).empty()) ::_exit(6);
  }

  void sync() {
    wants_sync_ = true;
    if (!file_.log().prepare_sync()) return;
    wants_sync_ = false;
    file_.owner().hand_over();
    // What found no room stays dirty: this sync point does not cover it.
    for (const auto& [hash, item] : file_.owner().items()) {
      if (item.dirty) tell({Entry::Kind::uncovered, key_of(hash), 0});
    }
    tell({Entry::Kind::sync_begins, 0, file_.log().sync()});
  }

  bool wants_sync_ = false;
  Random random_;
  const int journal_;
  LogOracle oracle_;
  std::map<std::uint64_t, std::size_t> keys_;
  CrashFile file_;
};

class Crash : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("corering-crash-" + std::to_string(::getpid()));
    std::filesystem::remove(path_);
    seed_ = number_from("CORERING_SEED", std::random_device{}());
    std::printf("reproduce with CORERING_SEED=%llu\n", static_cast<unsigned long long>(seed_));
    random_ = Random(seed_);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  // One life of a writer, and what it said into the oracle.
  void live_and_die() {
    int pipe_fds[2];
    ASSERT_EQ(::pipe2(pipe_fds, O_CLOEXEC), 0);
    const std::uint64_t seed = random_.next();
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) Writer(path_, seed, pipe_fds[1], oracle_).run();
    ::close(pipe_fds[1]);
    std::vector<Entry> entries;
    Entry entry{};
    // The first entries come when the file is open; after that it has a few milliseconds.
    const auto until = std::chrono::microseconds(random_.below(8000));
    std::thread killer([&] {
      std::this_thread::sleep_for(until + std::chrono::milliseconds(2));
      ::kill(child, SIGKILL);
    });
    while (::read(pipe_fds[0], &entry, sizeof entry) == sizeof entry) entries.push_back(entry);
    killer.join();
    ::close(pipe_fds[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the writer ended by itself: " << WEXITSTATUS(status);
    uncovered_.assign(kKeys, false);
    for (const Entry& each : entries) note(each);
    entries_ += entries.size();
    oracle_.give_up_syncs();
  }

  void note(const Entry& entry) {
    switch (entry.kind) {
      case Entry::Kind::put: oracle_.put(entry.key, entry.number, 0); break;
      case Entry::Kind::erase: oracle_.erase(entry.key); break;
      case Entry::Kind::clear:
        for (std::size_t key = 0; key < kKeys; ++key) oracle_.erase(key);
        break;
      case Entry::Kind::lost: oracle_.lose(entry.key); break;
      case Entry::Kind::uncovered: uncovered_[entry.key] = true; break;
      case Entry::Kind::sync_begins:
        oracle_.begin_sync(entry.number, uncovered_);
        uncovered_.assign(kKeys, false);
        break;
      case Entry::Kind::sync_ended:
        oracle_.end_sync(entry.number, true);
        ++syncs_;
        break;
    }
  }

  // Every key of a file, against the journal.
  void check(const std::filesystem::path& path, LogOracle& oracle) {
    CrashFile file;
    ASSERT_EQ(file.open(path, random_.next()), "");
    // Nothing is cleaned while we look: what this life gave up would be back in the next, for this one syncs nothing.
    ASSERT_TRUE(file.log().prepare_sync());
    for (std::size_t key = 0; key < kKeys; ++key) {
      const auto value = file.read(LogOracle::key_name(key));
      if (value) ++values_;
      ASSERT_EQ(oracle.check_recovered(key, value ? &*value : nullptr, 1), "");
    }
    damaged_pieces_ += file.log().counters().recovery_damaged_pieces.value();
  }

  std::filesystem::path path_;
  std::uint64_t seed_ = 0;
  Random random_{0};
  LogOracle oracle_{kKeys};
  std::vector<bool> uncovered_;  // by the sync point that is about to begin
  std::uint64_t entries_ = 0;
  std::uint64_t syncs_ = 0;
  std::uint64_t values_ = 0;
  std::uint64_t damaged_pieces_ = 0;
};

TEST_F(Crash, KilledAtRandomMomentsItIsNeverWrongAndLosesNothingThatWasSynced) {
  const std::uint64_t rounds = number_from("CORERING_CRASHES", 200);
  for (std::uint64_t round = 0; round < rounds && !HasFatalFailure(); ++round) {
    live_and_die();
    if (!HasFatalFailure()) check(path_, oracle_);
  }
  std::printf("%llu crashes, %llu journal entries, %llu sync points, %llu values recovered\n",
              static_cast<unsigned long long>(rounds), static_cast<unsigned long long>(entries_),
              static_cast<unsigned long long>(syncs_), static_cast<unsigned long long>(values_));
  if (HasFatalFailure()) return;
  EXPECT_EQ(damaged_pieces_, 0u) << "a crash is no damage";
  EXPECT_GT(syncs_, rounds / 4);
  EXPECT_GT(values_, rounds * 10);
}

}  // namespace
