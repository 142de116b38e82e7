// IndexGeometry: which line of the index a tag belongs to, and where that line lies in memory, at every size of the index.
//
// Lines of 64 bytes lie in pairs of 128. Groups of 4 to 8 pairs divide the range of hashes evenly and in order: the first bits of
// the hash name the group, the next, scaled by the number of its lines, the line. Growing gives one group after the other one more
// pair. When all have 8, each group is two groups of 4, and it starts again: no group ever has more than a quarter more to hold than
// another, where plain linear hashing has the double (Larson's partial expansions). The order in which groups grow is that of
// multiples of about the golden section, so that grown and ungrown ones are mixed everywhere.
//
// Pairs are numbered in the order in which they came to be. A pair never moves: memory is dense and only appended to.
//
// Thread: owning core only. Cost: a few nanoseconds. Source: Larson, Linear hashing with partial expansions, 1980.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "corering/cache/index_entry.h"

namespace corering::cache {

namespace detail {

inline constexpr unsigned kGroupBitsMax = 25;

// The largest partial quotient of the continued fraction: multiples of step / modulus are the more evenly spread the smaller it is.
constexpr std::uint64_t largest_quotient(std::uint64_t modulus, std::uint64_t step) noexcept {
  std::uint64_t largest = 0;
  while (step != 0) {
    if (modulus / step > largest) largest = modulus / step;
    const std::uint64_t rest = modulus % step;
    modulus = step;
    step = rest;
  }
  return largest;
}

// For each number of groups, 2^bits, an odd step, and so invertible. The golden section itself, rounded, is often a bad choice:
// 317 / 512 is almost 13 / 21, whose multiples fall on 21 places again and again. So: the best near it.
inline constexpr auto kSteps = [] {
  std::array<std::uint64_t, kGroupBitsMax + 1> steps{};
  for (unsigned bits = 0; bits <= kGroupBitsMax; ++bits) {
    const std::uint64_t modulus = std::uint64_t{1} << bits;
    std::uint64_t best = 1;
    const std::uint64_t golden = (modulus * 0x9e3779b9ULL >> 32) | 1;
    for (std::uint64_t step = golden; step < modulus && step < golden + 256; step += 2) {
      if (largest_quotient(modulus, step) < largest_quotient(modulus, best)) best = step;
    }
    steps[bits] = best;
  }
  return steps;
}();

// Their inverses.
inline constexpr auto kRanks = [] {
  std::array<std::uint64_t, kGroupBitsMax + 1> ranks{};
  for (unsigned bits = 0; bits <= kGroupBitsMax; ++bits) {
    std::uint64_t rank = kSteps[bits];  // right in its lowest 3 bits; each round doubles that
    for (int round = 0; round < 5; ++round) rank *= 2 - kSteps[bits] * rank;
    ranks[bits] = rank;
  }
  return ranks;
}();

}  // namespace detail

class IndexGeometry {
 public:
  static constexpr unsigned kBaseBits = 7;                                  // of the hash, in front of the tag
  static constexpr unsigned kLevelMin = 2;                                  // so that the tag tells a group from its neighbours
  static constexpr unsigned kLevelMax = detail::kGroupBitsMax - kBaseBits;  // leaves 6 bits of the tag to choose among 16 lines
  static constexpr unsigned kPairsMin = 4;                                  // of a group
  static constexpr unsigned kLinesOfPair = 2;

  // A line within the order of hashes.
  struct Place {
    std::uint64_t group = 0;
    std::uint32_t line = 0;  // 0 to 2 * pairs_of(group) - 1

    friend bool operator==(Place, Place) = default;
  };

  static constexpr std::uint32_t tag_of(std::uint64_t hash) noexcept {
    return static_cast<std::uint32_t>(hash << kBaseBits >> IndexEntry::kTagShift);
  }

  std::uint64_t group_count() const noexcept { return std::uint64_t{1} << (kBaseBits + level_); }
  std::uint64_t pair_count() const noexcept { return (kPairsMin + row_) * group_count() + next_; }
  unsigned level() const noexcept { return level_; }

  // The first bits of a hash: the group that it belongs to. The inverse gives the smallest such hash.
  std::uint64_t group_of(std::uint64_t hash) const noexcept { return hash >> (64 - kBaseBits - level_); }
  std::uint64_t first_hash_of(std::uint64_t group) const noexcept { return group << (64 - kBaseBits - level_); }

  std::uint32_t lines_of(std::uint64_t group) const noexcept {
    return kLinesOfPair * (kPairsMin + row_ + (rank(level_, group) < next_ ? 1 : 0));
  }

  // The line of a tag within its group. Requires: lines == lines_of(group of the tag).
  std::uint32_t line_of(std::uint32_t tag, std::uint32_t lines) const noexcept {
    const std::uint32_t fraction = tag << (32 - IndexEntry::kTagBits) << level_;
    return static_cast<std::uint32_t>((std::uint64_t{fraction} * lines) >> 32);
  }

  Place home_of(std::uint64_t hash) const noexcept {
    const std::uint64_t group = group_of(hash);
    return {group, line_of(tag_of(hash), lines_of(group))};
  }

  // An entry that lies no further from its home finds it again by its tag.
  std::uint32_t walk_lines_max() const noexcept {
    return kLinesOfPair * (kPairsMin + static_cast<std::uint32_t>(row_)) * ((1U << level_) - 1);
  }

  // How many groups behind the home of its entry a tag was found. Requires: fewer than 2^kLevelMin.
  std::uint64_t groups_from_home(std::uint32_t tag, std::uint64_t group) const noexcept {
    return (group - (tag >> (IndexEntry::kTagBits - level_))) & ((std::uint64_t{1} << level_) - 1);
  }

  // The home of an entry with this tag that lies in `group`.
  Place home_from(std::uint32_t tag, std::uint64_t group) const noexcept {
    const std::uint64_t home = (group - groups_from_home(tag, group)) & (group_count() - 1);
    return {home, line_of(tag, lines_of(home))};
  }

  // The line's number in memory: twice its pair's and the half.
  std::uint64_t address_of(Place place) const noexcept {
    return kLinesOfPair * pair_number(place.group, place.line / kLinesOfPair) + place.line % kLinesOfPair;
  }

  // The line in which to look after this one: the other half of the pair, then the next pair, same half first. `start` is the half with
  // which the walk began. Wraps around.
  Place after(Place place, std::uint32_t start_half) const noexcept {
    if (place.line % kLinesOfPair == start_half) return {place.group, place.line ^ 1};
    const std::uint32_t next = (place.line & ~1U) + kLinesOfPair;
    if (next < lines_of(place.group)) return {place.group, next + start_half};
    return {(place.group + 1) & (group_count() - 1), start_half};
  }

  bool can_grow() const noexcept { return level_ < kLevelMax; }

  // The group that grow() gives a pair to.
  std::uint64_t growing_group() const noexcept { return next_ * detail::kSteps[kBaseBits + level_] & (group_count() - 1); }

  // Every entry of growing_group() must be placed anew. The new pair is the one numbered pair_count() before the call.
  void grow() noexcept {
    if (++next_ < group_count()) return;
    next_ = 0;
    if (++row_ < kPairsMin) return;
    row_ = 0;
    ++level_;
  }

 private:
  // When the group grows, within a round.
  static std::uint64_t rank(unsigned level, std::uint64_t group) noexcept {
    return group * detail::kRanks[kBaseBits + level] & ((std::uint64_t{1} << (kBaseBits + level)) - 1);
  }

  static std::uint64_t grown_pair_number(unsigned level, std::uint64_t group, std::uint64_t pair) noexcept {
    return (pair << (kBaseBits + level)) + rank(level, group);
  }

  // The first four pairs of a group are a half of what was one group a level below: the first half, or, for odd groups, the pairs by
  // which that one grew.
  std::uint64_t pair_number(std::uint64_t group, std::uint64_t pair) const noexcept {
    if (pair >= kPairsMin) return grown_pair_number(level_, group, pair);
    const auto halvings = static_cast<unsigned>(std::countr_zero(group | std::uint64_t{1} << 63));
    if (halvings >= level_ - kLevelMin) return kPairsMin * (group >> (level_ - kLevelMin)) + pair;
    return grown_pair_number(level_ - 1 - halvings, group >> (halvings + 1), kPairsMin + pair);
  }

  unsigned level_ = kLevelMin;
  std::uint64_t row_ = 0;   // pairs that every group has grown by at this level
  std::uint64_t next_ = 0;  // groups that have one more
};

}  // namespace corering::cache
