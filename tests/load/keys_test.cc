// Which keys are chosen, and what they hold.
#include "load/keys.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <set>
#include <string>

namespace {

using namespace load;

std::vector<std::uint64_t> counts_of(const KeyOptions& options, int draws) {
  const KeyChooser chooser(options);
  Random random(7);
  std::vector<std::uint64_t> counts(options.count);
  for (int draw = 0; draw < draws; ++draw) ++counts.at(chooser.next(random));
  return counts;
}

TEST(KeyChooser, UniformKeysAreEquallyPopular) {
  const auto counts = counts_of({.count = 100}, 1'000'000);
  for (const std::uint64_t count : counts) EXPECT_NEAR(static_cast<double>(count), 10'000, 600);
}

// The probability of rank k is k^-s / H(n, s).
TEST(KeyChooser, ZipfKeysFollowTheirLaw) {
  for (const double exponent : {0.5, 0.99, 1.0, 1.5}) {
    constexpr int kDraws = 1'000'000;
    const auto counts = counts_of({.count = 1000, .distribution = KeyDistribution::zipf, .zipf_exponent = exponent}, kDraws);
    double harmonic = 0;
    for (int rank = 1; rank <= 1000; ++rank) harmonic += std::pow(rank, -exponent);
    for (const std::size_t rank : {1, 2, 10, 100}) {
      const double expected = kDraws * std::pow(static_cast<double>(rank), -exponent) / harmonic;
      EXPECT_NEAR(static_cast<double>(counts[rank - 1]), expected, 6 * std::sqrt(expected))
          << "rank " << rank << ", s " << exponent;
    }
  }
}

TEST(KeyChooser, HotKeysGetTheirShare) {
  const auto counts =
      counts_of({.count = 1000, .distribution = KeyDistribution::hot_set, .hot_keys_share = 0.1, .hot_use_share = 0.9}, 1'000'000);
  std::uint64_t hot = 0;
  for (std::size_t key = 0; key < 100; ++key) hot += counts[key];
  // The others are chosen among all keys, the hot ones included.
  EXPECT_NEAR(static_cast<double>(hot), 910'000, 3'000);
}

TEST(KeyChooser, OneKeyIsEnoughForEveryDistribution) {
  for (const auto distribution : {KeyDistribution::uniform, KeyDistribution::zipf, KeyDistribution::hot_set}) {
    EXPECT_EQ(counts_of({.count = 1, .distribution = distribution}, 100)[0], 100U);
  }
}

TEST(Dataset, KeysAreDistinctAndOfOneLength) {
  const Dataset dataset{Options()};
  const auto text = [&](std::uint64_t number) {
    const auto key = dataset.key(number);
    return std::string(key.data(), key.size());
  };
  EXPECT_EQ(text(0), "key:000000000000");
  EXPECT_EQ(text(1'234'567), "key:000001234567");
  EXPECT_EQ(text(999'999'999'999), "key:999999999999");
}

TEST(Dataset, AValueFollowsFromItsKeyAndTheSeed) {
  Options options;
  options.value_bytes_min = 10;
  options.value_bytes_max = 1000;
  const Dataset one(options);
  const Dataset same(options);
  options.seed = 2;
  const Dataset other(options);
  std::set<std::size_t> sizes;
  for (std::uint64_t key = 0; key < 10'000; ++key) {
    const auto value = one.value(key);
    ASSERT_TRUE(value.size() >= 10 && value.size() <= 1000);
    sizes.insert(value.size());
    ASSERT_EQ(std::memcmp(value.data(), same.value(key).data(), value.size()), 0);
    ASSERT_NE(std::memcmp(value.data(), other.value(key).data(), value.size()), 0);
  }
  EXPECT_GT(sizes.size(), 900U);
}

}  // namespace
