// Features: what this kernel can do, found by asking it.
//
// One table says for each feature since which kernel it exists, how it is probed and what happens without it; the servers print
// it with --report_kernel. Version numbers are not trusted (distributions backport), except in the list of known-bad versions.
#pragma once

#include <bitset>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "corering/base/result.h"
#include "corering/ring/backend.h"

namespace corering::ring {

enum class Feature : std::uint8_t {
  wait_timeout,
  no_dropped_completions,
  stable_submit,
  buffer_ring,
  multishot_accept,
  multishot_receive,
  single_issuer,
  deferred_task_run,
  message_ring,
  direct_descriptors,
  zero_copy_send,
  zero_copy_report,
  bundles,
  incremental_buffers,
  min_wait,
  no_iowait,
};
inline constexpr std::size_t kFeatureCount = 16;

enum class Need : std::uint8_t { required, optional };

struct FeatureRow {
  Feature feature;
  std::string_view name;
  std::string_view since;  // Linux release
  std::string_view probe;  // how it is found out
  Need need;
  std::string_view without;  // what happens if it is missing
};

// One row per feature, in the order of the enumeration.
std::span<const FeatureRow> feature_table();

class FeatureSet {
 public:
  bool has(Feature feature) const noexcept { return bits_[static_cast<std::size_t>(feature)]; }
  void set(Feature feature, bool present) noexcept { bits_[static_cast<std::size_t>(feature)] = present; }

 private:
  std::bitset<kFeatureCount> bits_;
};

// Asks the kernel behind an opened ring; leaves nothing registered. Thread: as Backend::register_resource.
FeatureSet probe_features(Backend& backend, const OpenedRing& opened);

// Errors: unsupported, naming the first missing required feature.
base::Result<> require_features(const FeatureSet& features);

// The table with a found/missing column, as text for an operator.
std::string feature_report(const FeatureSet& features);

}  // namespace corering::ring
