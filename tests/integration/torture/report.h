// What happened, per behaviour, and whether it was all right.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "torture/round.h"

namespace corering::torture {

struct Tally {
  std::uint64_t peers = 0;
  std::uint64_t connections = 0;  // established
  std::uint64_t rounds = 0;       // played to their end
  std::uint64_t sent_bytes = 0;
  std::uint64_t verified_bytes = 0;
  std::uint64_t mismatches = 0;  // wrong, missing or surplus bytes
  std::uint64_t errors = 0;      // a connection ended or refused otherwise than its round allows
  std::uint64_t stalls = 0;      // no progress for kStallUs
  std::uint64_t retries = 0;     // local shortage: no free port, Unix backlog full

  Tally& operator+=(const Tally& other);
};

class Report {
 public:
  Tally& of(Behaviour behaviour) { return tallies_[static_cast<std::size_t>(behaviour)]; }
  Tally total() const;

  // Prints the first few faults in full; the tallies count all of them.
  void explain(const std::string& fault);

  // So many faults that more of them teach nothing: the server is gone or wholly wrong.
  bool hopeless() const;

  // No fault at all, and every behaviour that was dealt played at least one round to its end.
  bool good() const;

  // "ordinary=120/45 ...": rounds / connections of each behaviour, then the sums.
  std::string line() const;

 private:
  std::array<Tally, kBehaviourCount> tallies_{};
  std::uint32_t explained_count_ = 0;
};

}  // namespace corering::torture
