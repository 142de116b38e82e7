#include "corering/cache/batch.h"

#include <gtest/gtest.h>

#include <vector>

namespace {

using namespace corering::cache;

constexpr BatchHeader kHeader{.position = {7, 3},
                              .payload_bytes = 5000,
                              .record_count = 12,
                              .last = true,
                              .tail = {4, 1},
                              .synced = {6, 2},
                              .run_generation = 5,
                              .previous_end = {4, 9}};

TEST(BatchHeader, IsReadAsItWasWritten) {
  std::vector<std::byte> bytes(BatchHeader::kBytes);
  write_batch_header(bytes, kHeader, 99, 8192);
  const auto read = read_batch_header(bytes, 99, 8192);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->position, kHeader.position);
  EXPECT_EQ(read->payload_bytes, kHeader.payload_bytes);
  EXPECT_EQ(read->record_count, kHeader.record_count);
  EXPECT_TRUE(read->last);
  EXPECT_EQ(read->tail, kHeader.tail);
  EXPECT_EQ(read->synced, kHeader.synced);
  EXPECT_EQ(read->run_generation, kHeader.run_generation);
  EXPECT_EQ(read->previous_end, kHeader.previous_end);
  EXPECT_EQ(read->file_bytes(), 8192u);
}

TEST(BatchHeader, OfAnotherFileOrPlaceIsNone) {
  std::vector<std::byte> bytes(BatchHeader::kBytes);
  write_batch_header(bytes, kHeader, 99, 8192);
  EXPECT_FALSE(read_batch_header(bytes, 98, 8192));
  EXPECT_FALSE(read_batch_header(bytes, 99, 4096));
}

TEST(BatchHeader, WithAnyBitChangedIsNone) {
  std::vector<std::byte> bytes(BatchHeader::kBytes);
  write_batch_header(bytes, kHeader, 99, 8192);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_FALSE(read_batch_header(bytes, 99, 8192)) << "bit " << bit;
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(read_batch_header(std::span(bytes).first(size), 99, 8192));
}

}  // namespace
