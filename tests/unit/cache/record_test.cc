#include "corering/cache/record.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using corering::base::bytes_of;
using corering::base::ByteView;
using corering::base::text_of;
using corering::cache::kKeyBytesMax;
using corering::cache::kNeverExpires;
using corering::cache::kSequenceMax;
using corering::cache::record_bytes;
using corering::cache::RecordHeader;
using corering::cache::RecordKind;
using corering::cache::RecordView;

std::vector<std::byte> make(RecordHeader header, std::string_view key, std::string_view value) {
  header.key_bytes = static_cast<std::uint32_t>(key.size());
  header.value_bytes = static_cast<std::uint32_t>(value.size());
  std::vector<std::byte> bytes(record_bytes(header), std::byte{0xee});
  EXPECT_EQ(write_record(bytes.data(), header, bytes_of(key), bytes_of(value)), bytes.size());
  corering::cache::seal_record(bytes.data(), bytes.size());
  return bytes;
}

void expect_same(const RecordHeader& header, std::string_view key, std::string_view value) {
  const auto bytes = make(header, key, value);
  const auto record = RecordView::verify(bytes);
  ASSERT_TRUE(record) << key.size() << " " << value.size();
  EXPECT_EQ(record->sequence(), header.sequence);
  EXPECT_EQ(record->expiry_ms(), header.expiry_ms);
  EXPECT_EQ(record->client_flags(), header.client_flags);
  EXPECT_EQ(record->kind(), header.kind);
  EXPECT_EQ(record->is_compressed(), header.compressed);
  EXPECT_EQ(record->bytes(), bytes.size());
  EXPECT_EQ(text_of(record->key()), key);
  EXPECT_EQ(text_of(record->value()), value);
}

TEST(Record, GivesBackWhatWasWritten) {
  for (const std::size_t key_bytes : {0, 1, 16, 63, 64, 255, 65535, 65536}) {
    for (const std::size_t value_bytes : {0, 1, 64, 255, 256, 65535, 65536, 1 << 20}) {
      for (const std::int64_t expiry : {kNeverExpires, std::int64_t{1}, INT64_MAX}) {
        for (const std::uint32_t flags : {0U, 1U, UINT32_MAX}) {
          for (const bool compressed : {false, true}) {
            expect_same({.sequence = kSequenceMax, .expiry_ms = expiry, .client_flags = flags, .compressed = compressed},
                        std::string(key_bytes, 'k'), std::string(value_bytes, 'v'));
          }
        }
      }
    }
  }
}

TEST(Record, TombstonesAndClearsAreRecordsToo) {
  expect_same({.sequence = 7, .kind = RecordKind::tombstone}, "gone", "");
  expect_same({.sequence = 8, .kind = RecordKind::clear}, "", "");
}

// The most frequent kind: what the memory of a cache is planned with.
TEST(Record, SmallItemsCostTwelveBytes) {
  EXPECT_EQ(record_bytes({.sequence = 1, .key_bytes = 16, .value_bytes = 64}), 12u + 16 + 64);
  EXPECT_EQ(record_bytes({.sequence = 1, .expiry_ms = 1, .key_bytes = 16, .value_bytes = 64}), 20u + 16 + 64);
  EXPECT_EQ(record_bytes({.sequence = 1, .key_bytes = 16, .value_bytes = 1000}), 16u + 16 + 1000);
}

TEST(Record, ExpiresAtItsMillisecond) {
  const auto bytes = make({.sequence = 1, .expiry_ms = 1000}, "key", "value");
  EXPECT_FALSE(RecordView(bytes.data()).is_expired(999));
  EXPECT_TRUE(RecordView(bytes.data()).is_expired(1000));
  const auto eternal = make({.sequence = 1}, "key", "value");
  EXPECT_FALSE(RecordView(eternal.data()).is_expired(INT64_MAX));
}

TEST(Record, OneChangedBitIsNoticed) {
  for (const std::uint32_t flags : {0U, 5U}) {
    auto bytes = make({.sequence = 123456789, .expiry_ms = 99, .client_flags = flags}, "a key", "a value of some length");
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      bytes[bit / 8] ^= std::byte{1} << (bit % 8);
      EXPECT_FALSE(RecordView::verify(bytes)) << bit;
      bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    }
    EXPECT_TRUE(RecordView::verify(bytes));
  }
}

// Each cut into a block of its own, so that the address sanitizer sees a read behind its end.
TEST(Record, IsNotReadBeyondItsEnd) {
  for (const auto& whole :
       {make({.sequence = 1, .client_flags = 1}, "key", std::string(70000, 'v')), make({.sequence = 1}, "key", "v")}) {
    for (std::size_t length = 0; length < std::min<std::size_t>(whole.size(), 100); ++length) {
      const std::vector<std::byte> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
      EXPECT_FALSE(RecordView::verify(cut));
    }
    EXPECT_EQ(RecordView::bytes_needed(ByteView(whole).first(std::min<std::size_t>(whole.size(), 18))), whole.size());
  }
}

TEST(Record, WhatIsNoRecordIsRefused) {
  EXPECT_FALSE(RecordView::verify(std::vector<std::byte>(4096, std::byte{0})));
  EXPECT_FALSE(RecordView::verify(std::vector<std::byte>(4096, std::byte{0xff})));
  EXPECT_FALSE(RecordView::bytes_needed(std::vector<std::byte>(4096, std::byte{0})));
  EXPECT_FALSE(RecordView::bytes_needed(std::vector<std::byte>(4096, std::byte{0xff})));
}

}  // namespace
