// CommandStatistics: how often each command was called on a core, how long that took, and how often it went wrong.
//
// Shown by INFO commandstats, errorstats and latencystats, and by LATENCY HISTOGRAM. Where durations are not measured (for commands that
// are known to be short, looking at the clock would take longer) a call counts only as such; percentiles are those of the measured ones.
//
// Thread: its core's; other cores read it as a guest (Tour). Cost: count() is a hash of a pointer and an addition; the table grows by the
// commands in use.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "kv/protocol/resp_writer.h"

namespace kv {

struct Command;

struct CommandStatistic {
  // Bucket n: calls of at least 2^(n-1) and less than 2^n us; 0: of less than 1 us.
  static constexpr std::size_t kBuckets = 32;

  std::uint64_t calls = 0;
  std::uint64_t measured_calls = 0;
  std::uint64_t took_us = 0;  // of the measured ones
  std::uint64_t rejected_calls = 0;
  std::uint64_t failed_calls = 0;
  std::array<std::uint64_t, kBuckets> histogram{};

  void add(const CommandStatistic& other) noexcept;

  // The upper end of the bucket in which that part (0 to 1) of the measured calls ends. 0: none was measured.
  std::uint64_t percentile_us(double part) const noexcept;
};

class CommandStatistics final : public protocol::ErrorObserver {
 public:
  static constexpr std::size_t kErrorKindsMax = 128;  // the code of an error may be a client's invention, as with EXEC in scripts

  void count(const Command& command, std::uint64_t calls = 1) { commands_[&command].calls += calls; }
  // A call whose duration was measured; counts it, too.
  void note(const Command& command, std::uint64_t took_us);
  void note_rejected(const Command& command) { ++commands_[&command].rejected_calls; }

  // Whose replies are written from now on; null: nobody's. Errors among them are failures of that command.
  void set_current(const Command* command) noexcept { current_ = command; }
  const Command* current() const noexcept { return current_; }
  void count_current(std::uint64_t calls) {
    if (calls != 0) count(*current_, calls);
  }
  // An error reply: "WRONGTYPE Operation ..." is of the kind WRONGTYPE.
  void on_error(std::string_view text) override;

  const std::unordered_map<const Command*, CommandStatistic>& commands() const noexcept { return commands_; }
  const std::map<std::string, std::uint64_t, std::less<>>& errors() const noexcept { return errors_; }
  std::uint64_t error_count() const noexcept { return error_count_; }

  void clear() noexcept;
  void clear_histogram(const Command& command) noexcept;

 private:
  std::unordered_map<const Command*, CommandStatistic> commands_;
  std::map<std::string, std::uint64_t, std::less<>> errors_;
  std::uint64_t error_count_ = 0;
  const Command* current_ = nullptr;
};

}  // namespace kv
