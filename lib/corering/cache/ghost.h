// Ghost: the fingerprints of items that left the small queue a short while ago. A key that comes back while its ghost is there was
// evicted too early: it goes to the main queue, and its demotion is worth a write.
//
// A table of 8-way lines: 16 bits of hash and 16 of time each. A ghost is gone when as many others have come as there may be ghosts,
// or earlier if its line overflows. Allocated when the first item is evicted: a cache that holds all it is given pays nothing.
//
// Thread: owning core only. Cost: one cache miss; 8 bytes per ghost. Source: Yang et al., FIFO queues are all you need, 2023.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace corering::cache {

class Ghost {
 public:
  // `count_max`: how many there may be; the table is made anew, empty, when this has doubled or fallen to a quarter.
  void add(std::uint64_t hash, std::size_t count_max);

  // Whether there is one; it is gone afterwards.
  bool take(std::uint64_t hash) noexcept;

  void clear() noexcept { lines_ = {}; }
  std::size_t bytes() const noexcept { return lines_.size() * sizeof(Line); }

 private:
  static constexpr std::size_t kWays = 8;

  struct Slot {
    std::uint16_t fingerprint = 0;
    std::uint16_t time = 0;
    bool is_used() const noexcept { return fingerprint != 0; }
  };
  using Line = std::array<Slot, kWays>;

  void resize(std::size_t count_max);
  Line& line_of(std::uint64_t hash) noexcept { return lines_[static_cast<std::uint32_t>(hash >> 8) & (lines_.size() - 1)]; }
  static std::uint16_t fingerprint_of(std::uint64_t hash) noexcept { return static_cast<std::uint16_t>(hash >> 44 | 1); }
  std::uint16_t now() const noexcept { return static_cast<std::uint16_t>(added_ / tick_); }
  std::uint16_t age(Slot slot) const noexcept { return static_cast<std::uint16_t>(now() - slot.time); }
  bool is_alive(Slot slot) const noexcept { return slot.is_used() && age(slot) < ticks_max_; }

  std::vector<Line> lines_;
  std::size_t count_max_ = 0;
  std::uint64_t added_ = 0;
  std::uint64_t tick_ = 1;  // additions between two times
  std::uint64_t ticks_max_ = 0;
};

}  // namespace corering::cache
