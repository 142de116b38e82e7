// The real thing: a process writes to a cache file, says through a pipe what it did and what it synced, and is killed at a random moment.
// Another life opens the file and everything in it is checked against the journal. Then the file is damaged, and checked again.
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

#include "../environment.h"
#include "../sim/log_oracle.h"
#include "crash_file.h"

namespace {

using corering::testing::Random;
using crash::CrashFile;
using sim::LogOracle;
using tests::number_from;

constexpr std::size_t kKeys = 400;

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
    // Killed by what it has done and not by the clock, so that a slow machine kills no earlier; then a moment later, or at once.
    const std::size_t last = random_.between(1, 400);
    const auto moment = std::chrono::microseconds(random_.chance(500) ? random_.below(3000) : 0);
    while (::read(pipe_fds[0], &entry, sizeof entry) == sizeof entry) {
      entries.push_back(entry);
      if (entries.size() != last) continue;
      std::this_thread::sleep_for(moment);
      ::kill(child, SIGKILL);
    }
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

  // Damages a copy of the file in a few places, and checks that what is left is right. Everything may be missing.
  void damage_and_check() {
    const std::filesystem::path copy = path_.string() + ".damaged";
    std::filesystem::copy_file(path_, copy, std::filesystem::copy_options::overwrite_existing);
    for (std::size_t count = random_.between(1, 6); count > 0; --count) damage(copy);
    LogOracle oracle = oracle_;
    oracle.lose_all();
    CrashFile probe;
    const std::string refused = probe.open(copy, random_.next());
    probe.close();
    if (refused.empty()) {
      check(copy, oracle);
    } else {
      ++refused_;
      EXPECT_NE(refused.find("is not a cache file"), std::string::npos) << refused;
    }
    std::filesystem::remove(copy);
  }

  void damage(const std::filesystem::path& path) {
    const std::size_t bytes = random_.chance(500) ? 512 : 4096;
    const std::uint64_t pieces = std::filesystem::file_size(path) / bytes;
    if (pieces == 0) return;
    const auto offset = [&] { return static_cast<off_t>(random_.below(pieces) * bytes); };
    std::vector<char> piece(bytes);
    std::vector<char> other(bytes);
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_GE(fd, 0);
    const off_t at = offset();
    ASSERT_EQ(::pread(fd, piece.data(), bytes, at), static_cast<ssize_t>(bytes));
    switch (random_.below(16)) {
      case 0: ASSERT_EQ(::ftruncate(fd, at), 0); break;
      case 1:
      case 2:
      case 3:
      case 4:
      case 5: {
        const off_t there = offset();
        ASSERT_EQ(::pread(fd, other.data(), bytes, there), static_cast<ssize_t>(bytes));
        ASSERT_EQ(::pwrite(fd, piece.data(), bytes, there), static_cast<ssize_t>(bytes));
        ASSERT_EQ(::pwrite(fd, other.data(), bytes, at), static_cast<ssize_t>(bytes));
        break;
      }
      case 6:
      case 7:
      case 8:
      case 9:
      case 10:
        std::ranges::fill(piece, '\0');
        ASSERT_EQ(::pwrite(fd, piece.data(), bytes, at), static_cast<ssize_t>(bytes));
        break;
      default:
        piece[random_.below(bytes)] ^= static_cast<char>(1U << random_.below(8));
        ASSERT_EQ(::pwrite(fd, piece.data(), bytes, at), static_cast<ssize_t>(bytes));
    }
    ::close(fd);
  }

  std::filesystem::path path_;
  std::uint64_t refused_ = 0;
  std::uint64_t seed_ = 0;
  Random random_{0};
  LogOracle oracle_{kKeys};
  std::vector<bool> uncovered_;  // by the sync point that is about to begin
  std::uint64_t entries_ = 0;
  std::uint64_t syncs_ = 0;
  std::uint64_t values_ = 0;
  std::uint64_t damaged_pieces_ = 0;
  std::uint64_t sum_values = 0;
  std::uint64_t sum_damaged = 0;
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

TEST_F(Crash, DamagedAtRandomPlacesItMissesAndIsNeverWrong) {
  const std::uint64_t rounds = number_from("CORERING_CRASHES", 200) / 10;
  for (std::uint64_t round = 0; round < rounds && !HasFatalFailure(); ++round) {
    live_and_die();
    if (!HasFatalFailure()) check(path_, oracle_);
    values_ = damaged_pieces_ = 0;
    for (int times = 0; times < 20 && !HasFatalFailure(); ++times) damage_and_check();
    sum_values += values_;
    sum_damaged += damaged_pieces_;
  }
  std::printf("%llu damaged files, %llu refused, %llu values recovered, %llu damaged pieces found\n",
              static_cast<unsigned long long>(rounds * 20), static_cast<unsigned long long>(refused_),
              static_cast<unsigned long long>(sum_values), static_cast<unsigned long long>(sum_damaged));
  if (HasFatalFailure()) return;
  EXPECT_GT(sum_values, rounds * 20);
  EXPECT_GT(sum_damaged, rounds);
}

}  // namespace
