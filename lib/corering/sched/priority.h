// Priority: how urgent a task is, and Rounds: who runs next when tasks of several priorities are ready.
//
// Plain precedence would starve the lowest. A round gives each priority a share of runs; the most urgent one that has work and
// something left of its share comes first, and a new round begins when nobody with work has anything left. So out of any 114 runs
// in a row, low work that is ready gets at least 2, normal 16, high 32; what the absent leave over goes to those who are there.
//
//   const Priority next = rounds.take(ready.mask());
//
// Thread: owning core only. Cost: a few instructions. Shapes: a mask has bit i set if priority i has work.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace corering::sched {

enum class Priority : std::uint8_t { urgent, high, normal, low };

inline constexpr std::size_t kPriorities = 4;
inline constexpr std::array<Priority, kPriorities> kAllPriorities{Priority::urgent, Priority::high, Priority::normal,
                                                                  Priority::low};

using PriorityMask = std::uint8_t;

constexpr std::size_t index_of(Priority priority) noexcept { return static_cast<std::size_t>(priority); }
constexpr PriorityMask bit_of(Priority priority) noexcept { return static_cast<PriorityMask>(1U << index_of(priority)); }

class Rounds {
 public:
  // Runs per round.
  static constexpr std::array<std::uint32_t, kPriorities> kShares{64, 32, 16, 2};

  // Whose turn it is; takes one run from its share. Requires: mask != 0.
  Priority take(PriorityMask mask) noexcept {
    auto candidates = static_cast<unsigned>(mask & unspent_);
    if (candidates == 0) {
      left_ = kShares;
      unspent_ = kEverybody;
      candidates = mask;
    }
    const auto priority = static_cast<Priority>(std::countr_zero(candidates));
    take_more(priority, 1);
    return priority;
  }

  // What is left of its share: while the mask stays as it was when take returned this priority, it is next so many times.
  std::uint32_t left(Priority priority) const noexcept { return left_[index_of(priority)]; }

  // It has run so often again. Requires: count <= left(priority).
  void take_more(Priority priority, std::uint32_t count) noexcept {
    std::uint32_t& left = left_[index_of(priority)];
    left -= count;
    if (left == 0) unspent_ = static_cast<PriorityMask>(unspent_ & ~bit_of(priority));
  }

 private:
  static constexpr PriorityMask kEverybody = (1U << kPriorities) - 1;

  std::array<std::uint32_t, kPriorities> left_ = kShares;
  PriorityMask unspent_ = kEverybody;  // bit i: left_[i] != 0
};

}  // namespace corering::sched
