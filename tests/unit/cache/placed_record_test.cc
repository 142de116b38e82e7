#include "corering/cache/placed_record.h"

#include <gtest/gtest.h>

#include <vector>

namespace {

using namespace corering;
using namespace corering::cache;

std::vector<std::byte> placed(std::string_view key, std::string_view value, std::uint32_t salt) {
  const RecordHeader header{
      .sequence = 9, .key_bytes = static_cast<std::uint32_t>(key.size()), .value_bytes = static_cast<std::uint32_t>(value.size())};
  std::vector<std::byte> bytes(placed_bytes(record_bytes(header)), std::byte{0xee});
  write_record(bytes.data(), header, base::bytes_of(key), base::bytes_of(value));
  place_record(bytes, record_bytes(header), salt);
  return bytes;
}

TEST(PlacedRecord, IsFoundWithItsOwnSaltOnly) {
  const auto bytes = placed("key", "value", 77);
  const auto record = verify_placed(bytes, 77);
  ASSERT_TRUE(record);
  EXPECT_EQ(base::text_of(record->key()), "key");
  EXPECT_EQ(base::text_of(record->value()), "value");
  EXPECT_FALSE(verify_placed(bytes, 78));
}

TEST(PlacedRecord, TakesWholeUnitsAndFillsThemWithZeros) {
  const auto bytes = placed("key", "value", 77);
  EXPECT_EQ(bytes.size(), 32u);
  for (std::size_t at = 20; at < bytes.size(); ++at) EXPECT_EQ(bytes[at], std::byte{0});
}

TEST(PlacedRecord, IsRefusedWithAnyBitChangedOrCutShort) {
  auto bytes = placed("key", "a longer value than that", 77);
  const std::size_t record = RecordView(bytes.data()).bytes();
  for (std::size_t bit = 0; bit < record * 8; ++bit) {
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_FALSE(verify_placed(bytes, 77)) << "bit " << bit;
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
  }
  for (std::size_t size = 0; size < record; ++size) EXPECT_FALSE(verify_placed(std::span(bytes).first(size), 77));
}

TEST(PlaceSalt, DiffersByFileGenerationAndPlace) {
  const std::uint32_t salt = place_salt(1, 2, 48);
  EXPECT_NE(salt, place_salt(2, 2, 48));
  EXPECT_NE(salt, place_salt(1, 3, 48));
  EXPECT_NE(salt, place_salt(1, 2, 64));
}

}  // namespace
