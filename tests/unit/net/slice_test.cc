#include "corering/net/slice.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <utility>

namespace net_test {
namespace {

namespace base = corering::base;
namespace mem = corering::mem;
namespace net = corering::net;

class Slices : public ::testing::Test {
 protected:
  net::Slice slice(std::string_view text) {
    mem::Chunk chunk = chunks.try_borrow();
    std::memcpy(chunk.bytes().data(), text.data(), text.size());
    const base::ByteView bytes = chunk.bytes().first(text.size());
    return pool.make(std::move(chunk), bytes);
  }

  static std::string text_of(const net::SliceQueue& queue) {
    std::string text;
    queue.for_each([&](base::ByteView bytes) {
      text += base::text_of(bytes);
      return true;
    });
    return text;
  }

  mem::ChunkPool chunks{std::move(*mem::ChunkPool::open({.chunk_bytes = 64, .chunk_count = 8}))};
  net::SlicePool pool{8, 2, 1};
};

TEST_F(Slices, GivesItsChunkBackWhenItDies) {
  {
    const net::Slice held = slice("held");
    EXPECT_EQ(chunks.free_count(), 7u);
  }
  EXPECT_EQ(chunks.free_count(), 8u);
}

TEST_F(Slices, AQueueKeepsOrderAndSum) {
  net::SliceQueue queue;
  queue.push_back(slice("one "));
  queue.push_back(slice("two "));
  queue.push_back(slice("three"));
  EXPECT_EQ(queue.count(), 3u);
  EXPECT_EQ(queue.bytes(), 13u);
  EXPECT_EQ(text_of(queue), "one two three");
  EXPECT_EQ(base::text_of(queue.pop_front().bytes()), "one ");
  EXPECT_EQ(queue.bytes(), 9u);
}

// A short send may end anywhere.
TEST_F(Slices, ConsumesAnyNumberOfBytes) {
  for (std::size_t count = 0; count <= 9; ++count) {
    net::SliceQueue queue;
    queue.push_back(slice("abc"));
    queue.push_back(slice("def"));
    queue.push_back(slice("ghi"));
    queue.consume(count);
    EXPECT_EQ(text_of(queue), std::string("abcdefghi").substr(count));
    EXPECT_EQ(queue.bytes(), 9 - count);
    EXPECT_EQ(queue.count(), 3 - count / 3);
    EXPECT_EQ(chunks.free_count(), 8 - queue.count());
  }
}

TEST_F(Slices, AppendsIntoTheRestOfTheLastChunk) {
  net::SliceQueue queue;
  EXPECT_EQ(queue.append_to_last(base::bytes_of("nowhere")), 0u);
  queue.push_back(slice("start"));
  queue.consume(2);
  EXPECT_EQ(queue.append_to_last(base::bytes_of(" more")), 5u);
  EXPECT_EQ(text_of(queue), "art more");
  const std::string long_text(100, 'x');
  EXPECT_EQ(queue.append_to_last(base::bytes_of(long_text)), 64u - 10u);
  EXPECT_EQ(queue.bytes(), 8u + 54u);
}

TEST_F(Slices, TheRestOfTheLastChunkIsWrittenInPlace) {
  net::SliceQueue queue;
  EXPECT_TRUE(queue.rest_of_last().empty());
  queue.push_back(slice("start"));
  const base::MutableBytes rest = queue.rest_of_last();
  ASSERT_EQ(rest.size(), 64u - 5u);
  std::memcpy(rest.data(), " more", 5);
  queue.extend_last(5);
  EXPECT_EQ(text_of(queue), "start more");
  EXPECT_EQ(queue.bytes(), 10u);
  EXPECT_EQ(queue.rest_of_last().size(), 64u - 10u);
}

TEST_F(Slices, LentBytesAreTakenBackOnceWhenTheirSliceDies) {
  int returns = 0;
  const net::Lender lender{[](void* count) noexcept { ++*static_cast<int*>(count); }, &returns};
  net::SliceQueue queue;
  queue.push_back(slice("head "));
  queue.push_back(pool.try_lend(base::bytes_of("lent"), lender));
  EXPECT_EQ(queue.append_to_last(base::bytes_of("x")), 0u) << "lent bytes are not written behind";
  EXPECT_TRUE(queue.rest_of_last().empty());
  queue.push_back(slice(" tail"));
  EXPECT_EQ(text_of(queue), "head lent tail");
  queue.consume(8);
  EXPECT_EQ(returns, 0) << "a byte is left";
  queue.consume(1);
  EXPECT_EQ(returns, 1);
  EXPECT_EQ(text_of(queue), " tail");
  EXPECT_EQ(pool.lent(), 0u);
}

TEST_F(Slices, LendingHasALimit) {
  int returns = 0;
  const net::Lender lender{[](void* count) noexcept { ++*static_cast<int*>(count); }, &returns};
  const auto lend = [&] { return pool.try_lend(base::bytes_of("lent"), lender); };
  {
    const net::Slice first = lend();
    const net::Slice second = lend();
    EXPECT_TRUE(first && second);
    EXPECT_FALSE(lend());
    EXPECT_TRUE(pool.try_lend(base::bytes_of("lent"), lender, net::SlicePool::Bound::none));
    EXPECT_EQ(std::exchange(returns, 0), 1);
    EXPECT_EQ(returns, 0) << "refused bytes stay the lender's";
  }
  EXPECT_EQ(returns, 2);
  EXPECT_TRUE(lend());
}

TEST_F(Slices, ASliceCanLoseItsFront) {
  net::Slice held = slice("header body");
  held.remove_prefix(7);
  EXPECT_EQ(base::text_of(held.bytes()), "body");
}

// Lending takes nothing from what the chunks will need: with the last memory gone each chunk still gets its slice.
TEST_F(Slices, EveryChunkGetsASliceWhateverMemoryIsLeft) {
  const mem::Heap::Drought drought;
  const std::string text = "lent";
  EXPECT_FALSE(pool.try_lend(base::bytes_of(text), {}));
  net::SliceQueue queue;
  for (int chunk = 0; chunk < 8; ++chunk) queue.push_back(slice("x"));
  EXPECT_EQ(text_of(queue), "xxxxxxxx");
  EXPECT_FALSE(pool.try_lend(base::bytes_of(text), {}));
}

}  // namespace
}  // namespace net_test
