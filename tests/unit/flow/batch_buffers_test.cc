#include "corering/flow/batch_buffers.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace {

using corering::flow::BatchBuffers;

std::string text_of(std::span<char> batch) { return {batch.begin(), batch.end()}; }

class BatchBuffersTest : public testing::Test {
 protected:
  void push(std::string_view letters) {
    for (char letter : letters) {
      ASSERT_TRUE(buffers_.has_room());
      buffers_.push(std::move(letter));
    }
  }

  BatchBuffers<char> buffers_{2, 3};
};

TEST_F(BatchBuffersTest, SealsAFullBatchByItself) {
  push("ab");
  EXPECT_FALSE(buffers_.has_sealed());
  EXPECT_EQ(buffers_.unsealed_count(), 2u);
  push("c");
  EXPECT_TRUE(buffers_.has_sealed());
  EXPECT_EQ(buffers_.unsealed_count(), 0u);
  EXPECT_EQ(text_of(buffers_.front()), "abc");
}

TEST_F(BatchBuffersTest, FillsTheNextWhileTheFirstIsTaken) {
  push("abcde");
  EXPECT_EQ(text_of(buffers_.front()), "abc");
  EXPECT_EQ(buffers_.unsealed_count(), 2u);
  buffers_.seal();
  EXPECT_FALSE(buffers_.has_room());
  buffers_.release();
  EXPECT_EQ(text_of(buffers_.front()), "de");
  push("fgh");
  EXPECT_FALSE(buffers_.has_room());
  buffers_.release();
  EXPECT_EQ(text_of(buffers_.front()), "fgh");
  buffers_.release();
  EXPECT_TRUE(buffers_.empty());
}

TEST_F(BatchBuffersTest, RoomEndsWithTheLastItemOfTheLastBatch) {
  push("abcde");
  EXPECT_TRUE(buffers_.has_room());
  push("f");
  EXPECT_FALSE(buffers_.has_room());
  EXPECT_EQ(buffers_.unsealed_count(), 0u);
  EXPECT_FALSE(buffers_.empty());
}

TEST(BatchBuffersOfOwners, DestroyItemsAtTheirRelease) {
  const auto counted = std::make_shared<int>();
  BatchBuffers<std::shared_ptr<int>> buffers(2, 2);
  for (int count = 0; count < 3; ++count) buffers.push(std::shared_ptr<int>(counted));
  EXPECT_EQ(counted.use_count(), 4);
  buffers.release();
  EXPECT_EQ(counted.use_count(), 2);
}

TEST(BatchBuffersOfOwners, StayWhereTheyAre) {
  BatchBuffers<int> buffers(1, 100);
  for (int value = 0; value < 100; ++value) buffers.push(std::move(value));
  const int* const first = buffers.front().data();
  buffers.release();
  for (int value = 0; value < 100; ++value) buffers.push(std::move(value));
  EXPECT_EQ(buffers.front().data(), first);
}

}  // namespace
