// The seed of a random test: CORERING_SEED if it is set, else a new one. Printed, so that a failure can be had again.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace unit_test {

inline std::uint64_t seed() {
  const char* given = std::getenv("CORERING_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::printf("reproduce with CORERING_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

}  // namespace unit_test
