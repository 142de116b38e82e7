#include "corering/cache/file_marks.h"

#include <gtest/gtest.h>

#include <array>
#include <map>

namespace {

using namespace corering;
using cache::FoundMarks;
using cache::LogPosition;
using cache::Mark;

constexpr cache::LogFileLayout kLayout{.file_id = 7, .segment_bytes = 65536, .segment_count = 16};

class MarkBlock : public ::testing::Test {
 protected:
  MarkBlock() { cache::write_mark(block_, 7, 4096, {.number = 5, .synced = {.generation = 3, .batch = 2}}); }

  std::array<std::byte, cache::kFileBlockBytes> block_;
};

TEST_F(MarkBlock, IsReadAsItWasWritten) {
  const auto mark = cache::read_mark(block_, 7, 4096);
  ASSERT_TRUE(mark);
  EXPECT_EQ(mark->number, 5u);
  EXPECT_EQ(mark->synced, (LogPosition{3, 2}));
}

TEST_F(MarkBlock, CountsInItsFileAndItsPlaceOnly) {
  EXPECT_FALSE(cache::read_mark(block_, 8, 4096));
  EXPECT_FALSE(cache::read_mark(block_, 7, 8192));
  EXPECT_FALSE(cache::read_mark(base::ByteView(block_).first(47), 7, 4096));
}

TEST_F(MarkBlock, EveryFlippedBitIsNoticed) {
  for (std::size_t bit = 0; bit < 48 * 8; ++bit) {
    block_[bit / 8] ^= std::byte{1} << bit % 8;
    EXPECT_FALSE(cache::read_mark(block_, 7, 4096)) << bit;
    block_[bit / 8] ^= std::byte{1} << bit % 8;
  }
  EXPECT_TRUE(cache::read_mark(block_, 7, 4096));
}

TEST(FoundMarks, TheNewestIsKnownWhileBothParitiesAre) {
  FoundMarks found;
  EXPECT_FALSE(found.are_complete());
  EXPECT_EQ(found.next_number(), 0u);
  found.note({.number = 8, .synced = {4, 0}});
  EXPECT_FALSE(found.are_complete()) << "number 9 may have been there";
  found.note({.number = 7, .synced = {3, 1}});
  EXPECT_TRUE(found.are_complete());
  found.note({.number = 6, .synced = {2, 0}});  // the copy at the other end: the crash came between the two
  EXPECT_TRUE(found.are_complete());
  EXPECT_EQ(found.synced(), (LogPosition{4, 0}));
  EXPECT_EQ(found.next_number(), 9u);
}

TEST(FirstMarks, FillAllFourBlocksOfANewFile) {
  std::map<std::uint64_t, Mark> marks;
  FoundMarks found;
  cache::write_first_marks(kLayout, [&](std::uint64_t offset, base::ByteView block) {
    const auto mark = cache::read_mark(block, kLayout.file_id, offset);
    ASSERT_TRUE(mark);
    marks[offset] = *mark;
    found.note(*mark);
  });
  EXPECT_EQ(marks.size(), 4u);
  EXPECT_TRUE(marks.contains(kLayout.first_mark_offset(0)) && marks.contains(kLayout.second_mark_offset(1)));
  EXPECT_TRUE(found.are_complete());
  EXPECT_EQ(found.synced(), LogPosition{});
}

}  // namespace
