// NameIndex: finds a name among names that are known when the program is compiled, whatever the case of its letters.
//
// A perfect hash: the compiler searches for a seed with which no two names share a place, so that a lookup is one hash of at most 16
// bytes and one comparison.
//
//   constexpr std::array kNames = std::to_array<std::string_view>({"get", "set"});
//   constexpr NameIndex<kNames.size()> kIndex(kNames);
//   kIndex.find("SET")   // 1
//
// Thread: any. Requires: names in lower case, different in length or in their first or last eight letters.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kv/protocol/ascii.h"

namespace kv::protocol {

template <std::size_t kCount>
class NameIndex {
 public:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  // Refuses to compile if there is no such seed.
  consteval explicit NameIndex(const std::array<std::string_view, kCount>& names) : names_(names) {
    while (!place_all()) {
      if (++seed_ == kSeedsMax) throw "two names are alike, or there is no seed for them";
    }
  }

  // The place of the name in the array that the index was made of, or kNone.
  constexpr std::size_t find(std::string_view name) const noexcept {
    if (name.empty()) return kNone;
    const std::uint16_t number = places_[place_of(name)];
    return number != kEmpty && equals_ignoring_case(names_[number], name) ? number : kNone;
  }

 private:
  static constexpr std::size_t kPlaces = std::bit_ceil(kCount * 4);
  static constexpr std::uint64_t kSeedsMax = 100'000;
  static constexpr std::uint16_t kEmpty = 0xffff;
  static_assert(kCount > 0 && kCount < kEmpty);

  // The first or last eight letters, or all there are; the bit that tells the cases of a letter apart is set in all of them.
  static constexpr std::uint64_t word_of(std::string_view letters) noexcept {
    if (!std::is_constant_evaluated() && letters.size() == 8) return load<std::uint64_t>(letters.data()) | 0x2020202020202020;
    std::uint64_t word = 0;
    for (const char letter : letters) word = word >> 8 | std::uint64_t{static_cast<unsigned char>(letter | 0x20)} << 56;
    return word;
  }

  constexpr std::size_t place_of(std::string_view name) const noexcept {
    const std::size_t end = name.size() < 8 ? name.size() : 8;
    const std::uint64_t first = word_of(name.substr(0, end));
    const std::uint64_t last = name.size() <= 8 ? 0 : word_of(name.substr(name.size() - 8));
    const std::uint64_t mixed = (first ^ std::rotl(last, 29) ^ name.size() * 0x9e3779b97f4a7c15) * (seed_ * 2 + 0xbf58476d1ce4e5b9);
    return static_cast<std::size_t>((mixed ^ mixed >> 32) * 0x94d049bb133111eb >> (64 - std::bit_width(kPlaces - 1)));
  }

  consteval bool place_all() {
    places_.fill(kEmpty);
    for (std::size_t i = 0; i < kCount; ++i) {
      std::uint16_t& place = places_[place_of(names_[i])];
      if (place != kEmpty) return false;
      place = static_cast<std::uint16_t>(i);
    }
    return true;
  }

  std::array<std::string_view, kCount> names_;
  std::uint64_t seed_ = 0;
  std::array<std::uint16_t, kPlaces> places_{};
};

}  // namespace kv::protocol
