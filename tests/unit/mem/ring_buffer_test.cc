#include "corering/mem/ring_buffer.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "corering/testing/random.h"

namespace {

using corering::base::bytes_of;
using corering::base::ErrorCode;
using corering::base::text_of;
using corering::mem::RingBuffer;
using corering::testing::Random;

RingBuffer ring_of(std::size_t bytes) {
  auto ring = RingBuffer::open(bytes);
  EXPECT_TRUE(ring.has_value()) << ring.error().text;
  return std::move(*ring);
}

// Brings both positions to `bytes` before the end of the memory.
void stop_short_of_end(RingBuffer& ring, std::size_t bytes) {
  ring.commit(ring.capacity() - bytes);
  ring.consume(ring.capacity() - bytes);
}

[[maybe_unused]] std::size_t address_space_bytes() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST(RingBuffer, RoundsUpToAPageAndAPowerOfTwo) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  EXPECT_EQ(ring_of(1).capacity(), page);
  EXPECT_EQ(ring_of(page).capacity(), page);
  EXPECT_EQ(ring_of(page + 1).capacity(), 2 * page);
  EXPECT_EQ(ring_of(5 * page).capacity(), 8 * page);
  EXPECT_EQ(ring_of(std::size_t{1} << 20).capacity(), std::size_t{1} << 20);
}

TEST(RingBuffer, BeginsEmptyAndGivesBackWhatWasWritten) {
  RingBuffer ring = ring_of(4096);
  EXPECT_TRUE(ring.empty());
  EXPECT_FALSE(ring.full());
  EXPECT_EQ(ring.available(), ring.capacity());
  EXPECT_TRUE(ring.peek().empty());

  EXPECT_EQ(ring.write(bytes_of("hello, ")), 7u);
  EXPECT_EQ(ring.write(bytes_of("world")), 5u);
  EXPECT_EQ(ring.size(), 12u);
  EXPECT_EQ(text_of(ring.peek()), "hello, world");
  EXPECT_EQ(ring.size(), 12u) << "peek consumed";

  std::string text(7, ' ');
  EXPECT_EQ(ring.read(std::as_writable_bytes(std::span(text))), 7u);
  EXPECT_EQ(text, "hello, ");
  text.assign(100, ' ');
  EXPECT_EQ(ring.read(std::as_writable_bytes(std::span(text))), 5u);
  EXPECT_EQ(text.substr(0, 6), "world ");
  EXPECT_TRUE(ring.empty());
}

TEST(RingBuffer, TakesAsMuchAsFitsAndIsUsedToTheLastByte) {
  RingBuffer ring = ring_of(4096);
  const std::string text(ring.capacity() + 10, 'x');
  EXPECT_EQ(ring.write(bytes_of(text)), ring.capacity());
  EXPECT_TRUE(ring.full());
  EXPECT_FALSE(ring.empty());
  EXPECT_EQ(ring.write(bytes_of("y")), 0u);
  EXPECT_TRUE(ring.writable().empty());
  EXPECT_EQ(ring.peek().size(), ring.capacity());
  ring.consume(3);
  EXPECT_EQ(ring.write(bytes_of("abcde")), 3u);
  EXPECT_EQ(text_of(ring.peek().last(4)), "xabc");
}

TEST(RingBuffer, WhatRunsOverTheEndIsOneView) {
  RingBuffer ring = ring_of(4096);
  stop_short_of_end(ring, 3);
  EXPECT_EQ(ring.writable().size(), ring.capacity());
  EXPECT_EQ(ring.write(bytes_of("over the end")), 12u);
  EXPECT_EQ(text_of(ring.peek()), "over the end");
  ring.consume(5);
  EXPECT_EQ(text_of(ring.peek()), "the end");
  std::string text(7, ' ');
  EXPECT_EQ(ring.read(std::as_writable_bytes(std::span(text))), 7u);
  EXPECT_EQ(text, "the end");
}

TEST(RingBuffer, IsFilledInPlaceOverTheEnd) {
  RingBuffer ring = ring_of(4096);
  stop_short_of_end(ring, 2);
  std::ranges::copy(bytes_of("in place"), ring.writable().begin());
  EXPECT_TRUE(ring.empty()) << "not committed yet";
  ring.commit(8);
  EXPECT_EQ(text_of(ring.peek()), "in place");
}

TEST(RingBuffer, FreeBytesAreNeverThoseThatCanBeRead) {
  RingBuffer ring = ring_of(4096);
  for (const std::size_t before_end : {std::size_t{4096}, std::size_t{1000}, std::size_t{1}}) {
    ring.clear();
    ring.commit(ring.capacity());
    ring.consume(ring.capacity());
    stop_short_of_end(ring, before_end);
    ring.write(bytes_of("kept"));
    std::ranges::fill(ring.writable(), std::byte{0xff});
    EXPECT_EQ(text_of(ring.peek()), "kept") << before_end;
    ring.consume(4);
    stop_short_of_end(ring, ring.capacity() - (ring.capacity() - before_end + 4) % ring.capacity());
  }
}

TEST(RingBuffer, ClearForgetsEverything) {
  RingBuffer ring = ring_of(4096);
  ring.write(bytes_of("forgotten"));
  ring.clear();
  EXPECT_TRUE(ring.empty());
  EXPECT_EQ(ring.available(), ring.capacity());
  ring.write(bytes_of("new"));
  EXPECT_EQ(text_of(ring.peek()), "new");
}

TEST(RingBuffer, NothingInNothingOut) {
  RingBuffer ring = ring_of(4096);
  EXPECT_EQ(ring.write({}), 0u);
  EXPECT_EQ(ring.read({}), 0u);
  ring.consume(0);
  ring.commit(0);
  EXPECT_TRUE(ring.empty());
}

TEST(RingBuffer, MovesWithoutMovingTheBytes) {
  RingBuffer first = ring_of(4096);
  stop_short_of_end(first, 2);
  first.write(bytes_of("moved"));
  const std::byte* place = first.peek().data();

  RingBuffer second = std::move(first);
  EXPECT_EQ(second.peek().data(), place);
  EXPECT_EQ(text_of(second.peek()), "moved");

  RingBuffer third;
  third = std::move(second);
  EXPECT_EQ(third.peek().data(), place);
  EXPECT_EQ(text_of(third.peek()), "moved");
  EXPECT_EQ(third.write(bytes_of(" on")), 3u);
  EXPECT_EQ(text_of(third.peek()), "moved on");
}

TEST(RingBuffer, WithoutMemoryItIsEmptyAndFull) {
  RingBuffer none;
  RingBuffer moved = ring_of(4096);
  moved.write(bytes_of("text"));
  const RingBuffer taken = std::move(moved);
  for (RingBuffer* ring : {&none, &moved}) {
    EXPECT_EQ(ring->capacity(), 0u);
    EXPECT_TRUE(ring->empty());
    EXPECT_TRUE(ring->full());
    EXPECT_EQ(ring->write(bytes_of("text")), 0u);
    std::byte byte{};
    EXPECT_EQ(ring->read({&byte, 1}), 0u);
    EXPECT_TRUE(ring->peek().empty());
    EXPECT_TRUE(ring->writable().empty());
    ring->clear();
  }
}

// ThreadSanitizer maps memory of its own meanwhile.
#if !defined(__SANITIZE_THREAD__)
TEST(RingBuffer, ReturnsItsAddressSpaceAndItsDescriptor) {
  address_space_bytes();  // the reader's own first-time buffers
  const std::size_t before = address_space_bytes();
  const int fd_before = ::dup(0);
  ::close(fd_before);
  {
    const RingBuffer ring = ring_of(65536);
    EXPECT_EQ(address_space_bytes() - before, 2u * 65536);
    const int fd = ::dup(0);
    EXPECT_EQ(fd, fd_before);
    ::close(fd);
  }
  EXPECT_EQ(address_space_bytes(), before);
}
#endif

TEST(RingBuffer, RefusesImpossibleSizes) {
  for (const std::size_t bytes : {std::size_t{0}, RingBuffer::kCapacityBytesMax + 1, std::size_t{1} << 63, SIZE_MAX}) {
    const auto ring = RingBuffer::open(bytes);
    ASSERT_FALSE(ring.has_value()) << bytes;
    EXPECT_EQ(ring.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(ring.error().text, "ring buffer: found a capacity of " + std::to_string(bytes) + " bytes, need 1 to 1073741824");
  }
}

TEST(RingBuffer, SaysWhatTheSystemRefused) {
  rlimit kept{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &kept), 0);
  const rlimit none{0, kept.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto ring = RingBuffer::open(5000);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &kept), 0);
  ASSERT_FALSE(ring.has_value());
  EXPECT_EQ(ring.error().code, ErrorCode::limit_too_low);
  EXPECT_EQ(ring.error().text, "ring buffer of 8192 bytes: Too many open files");
}

TEST(RingBuffer, ALimitOnFileSizesIsAnErrorAndNotASignal) {
  rlimit kept{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &kept), 0);
  const rlimit little{8192, kept.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &little), 0);
  const auto refused = RingBuffer::open(8193);
  const auto granted = RingBuffer::open(8192);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &kept), 0);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::limit_too_low);
  EXPECT_EQ(refused.error().text, "ring buffer: found a limit of 8192 bytes per file, need 16384; raise it with ulimit -f");
  EXPECT_TRUE(granted.has_value());
}

// The sanitizers need the address space themselves.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(RingBuffer, SaysThatThereIsNoMemory) {
  rlimit kept{};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &kept), 0);
  const rlimit little{address_space_bytes() + (std::size_t{8} << 20), kept.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &little), 0);
  const auto ring = RingBuffer::open(std::size_t{16} << 20);
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &kept), 0);
  ASSERT_FALSE(ring.has_value());
  EXPECT_EQ(ring.error().code, ErrorCode::out_of_memory);
}
#endif

TEST(RingBufferDeathTest, NoMoreIsConsumedThanThereIs) {
  EXPECT_DEATH(
      {
        RingBuffer ring = ring_of(4096);
        ring.write(bytes_of("four"));
        ring.consume(5);
      },
      "more is consumed than there is");
}

TEST(RingBufferDeathTest, NoMoreIsCommittedThanThereIsRoomFor) {
  EXPECT_DEATH(
      {
        RingBuffer ring = ring_of(4096);
        ring.write(bytes_of("four"));
        ring.commit(ring.capacity() - 3);
      },
      "more is committed than there is room for");
}

// Random steps on a ring buffer and on a deque, which must never differ.
class Model {
 public:
  explicit Model(std::uint64_t seed) : random_(seed), ring_(ring_of(4096)) {}

  void step() {
    switch (random_.below(6)) {
      case 0: return write();
      case 1: return fill_in_place();
      case 2: return read();
      case 3: return consume();
      case 4: return write();  // more goes in than out, so that it is full at times
      default:
        if (random_.chance(20)) clear();
    }
  }

  void check() {
    ASSERT_EQ(ring_.size(), expected_.size());
    ASSERT_EQ(ring_.available(), ring_.capacity() - expected_.size());
    ASSERT_EQ(ring_.empty(), expected_.empty());
    ASSERT_EQ(ring_.full(), expected_.size() == ring_.capacity());
    ASSERT_TRUE(std::ranges::equal(ring_.peek(), expected_));
    ASSERT_EQ(ring_.writable().size(), ring_.available());
  }

  std::uint64_t passed() const { return passed_; }
  std::uint64_t full_count() const { return full_count_; }

 private:
  std::size_t some() { return random_.between(0, random_.chance(100) ? 2 * ring_.capacity() : 700); }

  std::vector<std::byte> random_bytes(std::size_t count) {
    std::vector<std::byte> bytes(count);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random_.next());
    return bytes;
  }

  void write() {
    const std::vector<std::byte> bytes = random_bytes(some());
    const std::size_t count = ring_.write(bytes);
    ASSERT_EQ(count, std::min(bytes.size(), ring_.capacity() - expected_.size()));
    expected_.insert(expected_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    full_count_ += ring_.full() ? 1 : 0;
  }

  void fill_in_place() {
    const std::vector<std::byte> bytes = random_bytes(std::min(some(), ring_.available()));
    std::ranges::copy(bytes, ring_.writable().begin());
    ring_.commit(bytes.size());
    expected_.insert(expected_.end(), bytes.begin(), bytes.end());
  }

  void read() {
    std::vector<std::byte> bytes(some());
    const std::size_t count = ring_.read(bytes);
    ASSERT_EQ(count, std::min(bytes.size(), expected_.size()));
    ASSERT_TRUE(std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count), expected_.begin()));
    forget(count);
  }

  void consume() {
    const std::size_t count = std::min(some(), expected_.size());
    ring_.consume(count);
    forget(count);
  }

  void clear() {
    ring_.clear();
    expected_.clear();
  }

  void forget(std::size_t count) {
    expected_.erase(expected_.begin(), expected_.begin() + static_cast<std::ptrdiff_t>(count));
    passed_ += count;
  }

  Random random_;
  RingBuffer ring_;
  std::deque<std::byte> expected_;
  std::uint64_t passed_ = 0;
  std::uint64_t full_count_ = 0;
};

TEST(RingBuffer, BehavesLikeADequeOnEverySeed) {
  const char* given = std::getenv("CORERING_SEED");
  const std::uint64_t first = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}() * std::uint64_t{1'000};
  const std::uint64_t count = given != nullptr ? 1 : 50;
  std::printf("seeds %llu to %llu\n", static_cast<unsigned long long>(first), static_cast<unsigned long long>(first + count - 1));
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    Model model(seed);
    for (int step = 0; step < 500; ++step) {
      model.step();
      model.check();
      ASSERT_FALSE(testing::Test::HasFatalFailure()) << "step " << step << "; reproduce with CORERING_SEED=" << seed;
    }
    EXPECT_GT(model.passed(), 5u * 4096) << "it hardly went around; CORERING_SEED=" << seed;
    EXPECT_GT(model.full_count(), 0u) << "it was never full; CORERING_SEED=" << seed;
  }
}

}  // namespace
