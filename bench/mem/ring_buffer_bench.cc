// 64 bytes in, 64 bytes out: RingBuffer on mirrored pages, beside the ring that copies in two parts and the buffer that moves what is
// left to its front.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "corering/mem/ring_buffer.h"

namespace {

constexpr std::size_t kMessage = 64;
constexpr std::size_t kCapacity = std::size_t{64} << 10;

class Mirrored {
 public:
  void write(std::span<const std::byte> bytes) { ring_.write(bytes); }
  void read(std::span<std::byte> bytes) { ring_.read(bytes); }

 private:
  static corering::mem::RingBuffer open() {
    auto ring = corering::mem::RingBuffer::open(kCapacity);
    if (!ring) {
      std::fprintf(stderr, "%s\n", ring.error().text.c_str());
      std::exit(1);
    }
    return std::move(*ring);
  }
  corering::mem::RingBuffer ring_ = open();
};

// The textbook's ring: what runs over the end is copied in two parts, and never lies in one piece.
class TwoParts {
 public:
  void write(std::span<const std::byte> bytes) {
    const std::size_t place = written_ % kCapacity;
    const std::size_t first = std::min(bytes.size(), kCapacity - place);
    std::memcpy(memory_.data() + place, bytes.data(), first);
    std::memcpy(memory_.data(), bytes.data() + first, bytes.size() - first);
    written_ += bytes.size();
  }
  void read(std::span<std::byte> bytes) {
    const std::size_t place = read_ % kCapacity;
    const std::size_t first = std::min(bytes.size(), kCapacity - place);
    std::memcpy(bytes.data(), memory_.data() + place, first);
    std::memcpy(bytes.data() + first, memory_.data(), bytes.size() - first);
    read_ += bytes.size();
  }

 private:
  std::vector<std::byte> memory_ = std::vector<std::byte>(kCapacity);
  std::size_t written_ = 0;
  std::size_t read_ = 0;
};

// One piece, compacted when its end is reached.
class Compacting {
 public:
  void write(std::span<const std::byte> bytes) {
    if (written_ + bytes.size() > kCapacity) {
      std::memmove(memory_.data(), memory_.data() + read_, written_ - read_);
      written_ -= read_;
      read_ = 0;
    }
    std::memcpy(memory_.data() + written_, bytes.data(), bytes.size());
    written_ += bytes.size();
  }
  void read(std::span<std::byte> bytes) {
    std::memcpy(bytes.data(), memory_.data() + read_, bytes.size());
    read_ += bytes.size();
  }

 private:
  std::vector<std::byte> memory_ = std::vector<std::byte>(kCapacity);
  std::size_t written_ = 0;
  std::size_t read_ = 0;
};

// `state.range(0)` bytes always wait in it.
template <typename Buffer>
void write_read(benchmark::State& state) {
  Buffer buffer;
  std::array<std::byte, kMessage> message{};
  for (std::int64_t waiting = 0; waiting < state.range(0); waiting += kMessage) buffer.write(message);
  for (auto _ : state) {
    benchmark::DoNotOptimize(message);
    buffer.write(message);
    buffer.read(message);
    benchmark::DoNotOptimize(message);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kMessage));
}

BENCHMARK_TEMPLATE(write_read, Mirrored)->Arg(0)->Arg(48 << 10);
BENCHMARK_TEMPLATE(write_read, TwoParts)->Arg(0)->Arg(48 << 10);
BENCHMARK_TEMPLATE(write_read, Compacting)->Arg(0)->Arg(48 << 10);

}  // namespace
