#include "torture/report.h"

#include <algorithm>
#include <cstdio>

namespace corering::torture {
namespace {

constexpr std::uint32_t kExplainedMax = 20;
constexpr std::uint64_t kFaultsMax = 1'000;

std::uint64_t faults(const Tally& tally) { return tally.mismatches + tally.errors + tally.stalls; }

}  // namespace

Tally& Tally::operator+=(const Tally& other) {
  peers += other.peers;
  connections += other.connections;
  rounds += other.rounds;
  sent_bytes += other.sent_bytes;
  verified_bytes += other.verified_bytes;
  mismatches += other.mismatches;
  errors += other.errors;
  stalls += other.stalls;
  retries += other.retries;
  return *this;
}

Tally Report::total() const {
  Tally sum;
  for (const Tally& tally : tallies_) sum += tally;
  return sum;
}

void Report::explain(const std::string& fault) {
  if (++explained_count_ <= kExplainedMax) std::fprintf(stderr, "echo_torture: %s\n", fault.c_str());
}

bool Report::hopeless() const { return faults(total()) >= kFaultsMax; }

bool Report::good() const {
  return faults(total()) == 0 &&
         std::ranges::all_of(tallies_, [](const Tally& tally) { return tally.peers == 0 || tally.rounds > 0; });
}

std::string Report::line() const {
  std::string text;
  for (std::size_t kind = 0; kind < kBehaviourCount; ++kind) {
    text += std::string(kBehaviourNames[kind]) + "=" + std::to_string(tallies_[kind].rounds) + "/" +
            std::to_string(tallies_[kind].connections) + " ";
  }
  const Tally sum = total();
  text += "connections=" + std::to_string(sum.connections) + " sent_bytes=" + std::to_string(sum.sent_bytes) +
          " verified_bytes=" + std::to_string(sum.verified_bytes) + " mismatches=" + std::to_string(sum.mismatches) +
          " errors=" + std::to_string(sum.errors) + " stalls=" + std::to_string(sum.stalls) +
          " retries=" + std::to_string(sum.retries);
  return text;
}

}  // namespace corering::torture
