#include "corering/cache/hash.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <set>
#include <string>

namespace {

using corering::base::bytes_of;
using corering::cache::KeyHash;

TEST(KeyHash, IsTheSameForTheSameKeyAndSeed) {
  const std::string key = "a key of some length, in memory of its own";
  for (std::size_t length = 0; length <= key.size(); ++length) {
    const std::string copy = key.substr(0, length);
    EXPECT_EQ(KeyHash(7)(bytes_of(copy)), KeyHash(7)(bytes_of(std::string_view(key).substr(0, length))));
    EXPECT_NE(KeyHash(7)(bytes_of(copy)), KeyHash(8)(bytes_of(copy)));
  }
}

TEST(KeyHash, TellsKeysOfZerosApartByLength) {
  std::set<std::uint64_t> hashes;
  for (std::size_t length = 0; length < 100; ++length) hashes.insert(KeyHash(1)(bytes_of(std::string(length, '\0'))));
  EXPECT_EQ(hashes.size(), 100u);
}

// Every bit of the key must reach every bit of the hash: about half of them change.
TEST(KeyHash, OneBitOfTheKeyChangesHalfOfTheHash) {
  const KeyHash hash(42);
  for (const std::size_t length : {1, 3, 4, 7, 8, 15, 16, 17, 31, 33, 100}) {
    std::string key(length, 'x');
    const std::uint64_t before = hash(bytes_of(key));
    int changed = 0;
    for (std::size_t bit = 0; bit < length * 8; ++bit) {
      key[bit / 8] = static_cast<char>(key[bit / 8] ^ (1 << (bit % 8)));
      changed += std::popcount(before ^ hash(bytes_of(key)));
      key[bit / 8] = static_cast<char>(key[bit / 8] ^ (1 << (bit % 8)));
    }
    const double average = changed / static_cast<double>(length * 8);
    EXPECT_GT(average, 26) << length;
    EXPECT_LT(average, 38) << length;
  }
}

// The index takes the high bits: numbered keys must fall evenly.
TEST(KeyHash, NumberedKeysFallEvenlyIntoTheHighBits) {
  std::array<int, 256> counts{};
  const KeyHash hash(3);
  for (int number = 0; number < 256 * 400; ++number) ++counts[hash(bytes_of("key:" + std::to_string(number))) >> 56];
  for (const int count : counts) {
    EXPECT_GT(count, 300);
    EXPECT_LT(count, 500);
  }
}

TEST(KeyHash, SeedsDiffer) { EXPECT_NE(KeyHash::random_seed(), KeyHash::random_seed()); }

}  // namespace
