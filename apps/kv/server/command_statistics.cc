#include "kv/server/command_statistics.h"

#include <algorithm>
#include <cmath>

namespace kv {

void CommandStatistic::add(const CommandStatistic& other) noexcept {
  calls += other.calls;
  measured_calls += other.measured_calls;
  took_us += other.took_us;
  rejected_calls += other.rejected_calls;
  failed_calls += other.failed_calls;
  for (std::size_t index = 0; index < kBuckets; ++index) histogram[index] += other.histogram[index];
}

std::uint64_t CommandStatistic::percentile_us(double part) const noexcept {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(part * static_cast<double>(measured_calls)));
  std::uint64_t seen = 0;
  for (std::size_t index = 0; index < kBuckets; ++index) {
    seen += histogram[index];
    if (seen >= wanted && seen != 0) return std::uint64_t{1} << index;
  }
  return 0;
}

void CommandStatistics::note(const Command& command, std::uint64_t took_us) {
  CommandStatistic& statistic = commands_[&command];
  ++statistic.calls;
  ++statistic.measured_calls;
  statistic.took_us += took_us;
  const auto bucket = static_cast<std::size_t>(std::bit_width(took_us));
  ++statistic.histogram[std::min(bucket, CommandStatistic::kBuckets - 1)];
}

void CommandStatistics::on_error(std::string_view text) {
  ++error_count_;
  if (current_ != nullptr) ++commands_[current_].failed_calls;
  const std::string_view kind = text.substr(0, text.find(' '));
  if (const auto found = errors_.find(kind); found != errors_.end()) {
    ++found->second;
  } else if (errors_.size() < kErrorKindsMax) {
    errors_.emplace(kind, 1);
  }
}

void CommandStatistics::clear() noexcept {
  commands_.clear();
  errors_.clear();
  error_count_ = 0;
}

void CommandStatistics::clear_histogram(const Command& command) noexcept {
  if (const auto found = commands_.find(&command); found != commands_.end()) {
    found->second.histogram.fill(0);
    found->second.measured_calls = 0;
  }
}

}  // namespace kv
