// LogLife: the lives of one cache file: random work, a crash, a recovery, and again, all from one seed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "corering/cache/log.h"
#include "corering/testing/random.h"
#include "corering/testing/simulated_device.h"
#include "log_oracle.h"
#include "map_owner.h"

namespace sim {

// What happens to the file between two lives, besides the crash.
enum class Damage : std::uint8_t { none, some };

struct LifeOutcome {
  std::string failure;  // "" if all went well
  std::uint64_t operations = 0;
  std::uint64_t values_recovered = 0;
  std::uint64_t syncs = 0;
  std::uint64_t reads = 0;
  std::uint64_t cleaned_segments = 0;
  std::uint64_t overruns = 0;
  std::uint64_t damages = 0;         // done
  std::uint64_t damaged_pieces = 0;  // noticed
  std::uint64_t failed_files = 0;
  std::uint64_t refused = 0;
};

class LogLife {
 public:
  LogLife(std::uint64_t seed, Damage damage);
  ~LogLife();

  LifeOutcome run();

 private:
  struct Get;

  void format();
  void start();
  void work(std::size_t operations);
  void operate();
  void turn();
  void crash();
  void damage();
  void damage_piece(std::size_t bytes);
  void check_all();
  bool holds(std::size_t key);
  bool find_value(std::size_t key, std::string& value);
  void get(std::size_t key);
  void check_get(Get& get);
  void sync();
  void fail(const std::string& what);
  bool failed() const noexcept { return !outcome_.failure.empty(); }
  std::size_t key_of(std::uint64_t hash) const;
  void put(std::size_t key);
  void add_counters();

  static constexpr std::size_t kKeys = 40;
  static constexpr std::size_t kSegmentBytes = 16384;

  corering::testing::Random random_;
  const Damage damage_;
  cache::LogFileLayout layout_;
  corering::testing::SimulatedDevice device_;
  corering::testing::SimulatedDevice::Faults faults_;
  LogOracle oracle_{kKeys};
  std::map<std::uint64_t, std::size_t> keys_;
  std::unique_ptr<MapOwner> owner_;
  std::unique_ptr<cache::Log> log_;
  std::vector<std::unique_ptr<Get>> gets_;
  std::size_t value_bytes_max_ = 3000;
  std::size_t l1_max_ = 10;
  std::int64_t now_ms_ = 1'000'000;
  bool working_ = false;
  bool sync_waits_ = false;  // asked for while the recovery is being checked
  LifeOutcome outcome_;
};

}  // namespace sim
