#include "kv/protocol/key_slot.h"

#include <gtest/gtest.h>

#include <string>

namespace kv::protocol {
namespace {

TEST(KeySlot, ChecksumsAreThoseOfTheSpecification) {
  EXPECT_EQ(crc16(""), 0);
  EXPECT_EQ(crc16("123456789"), 0x31c3);
}

TEST(KeySlot, EightBytesAtATimeAreTheSameAsOneByOne) {
  const auto one_by_one = [](std::string_view bytes) {
    std::uint16_t crc = 0;
    for (const char byte : bytes) {
      crc = static_cast<std::uint16_t>(crc ^ static_cast<unsigned char>(byte) << 8);
      for (int bit = 0; bit < 8; ++bit) crc = static_cast<std::uint16_t>((crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1);
    }
    return crc;
  };
  std::string bytes;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(crc16(bytes), one_by_one(bytes)) << i;
    bytes += static_cast<char>(i * 37 + 200);
  }
}

TEST(KeySlot, SlotsAreThoseThatRedisSays) {
  EXPECT_EQ(key_slot("foo"), 12182);
  EXPECT_EQ(key_slot("bar"), 5061);
  EXPECT_EQ(key_slot("hello"), 866);
  EXPECT_EQ(key_slot(""), 0);
}

TEST(KeySlot, OnlyTheTagCounts) {
  EXPECT_EQ(hash_tag("{user1000}.following"), "user1000");
  EXPECT_EQ(hash_tag("foo{}{bar}"), "foo{}{bar}");
  EXPECT_EQ(hash_tag("foo{{bar}}zap"), "{bar");
  EXPECT_EQ(hash_tag("foo{bar}{zap}"), "bar");
  EXPECT_EQ(hash_tag("foo{bar"), "foo{bar");
  EXPECT_EQ(hash_tag("foo}bar{baz}"), "baz");
  EXPECT_EQ(key_slot("{user1000}.following"), key_slot("{user1000}.followers"));
}

}  // namespace
}  // namespace kv::protocol
