#include "corering/cache/ghost.h"

#include <algorithm>
#include <bit>

namespace corering::cache {

namespace {

constexpr std::uint64_t kTicksPerGeneration = 1024;

}  // namespace

void Ghost::resize(std::size_t count_max) {
  count_max_ = count_max;
  tick_ = std::max<std::uint64_t>(1, count_max / kTicksPerGeneration);
  ticks_max_ = std::max<std::uint64_t>(1, count_max / tick_);
  // Twice the slots, so that few lines overflow.
  lines_.assign(std::bit_ceil(std::max<std::size_t>(1, 2 * count_max / kWays)), Line{});
}

void Ghost::add(std::uint64_t hash, std::size_t count_max) {
  if (lines_.empty() || count_max > 2 * count_max_ || count_max < count_max_ / 4) resize(count_max);
  Line& line = line_of(hash);
  const auto oldest =
      std::ranges::max_element(line, {}, [&](Slot slot) { return is_alive(slot) ? std::uint32_t{age(slot)} : UINT32_MAX; });
  ++added_;
  *oldest = {fingerprint_of(hash), now()};
}

bool Ghost::take(std::uint64_t hash) noexcept {
  if (lines_.empty()) return false;
  for (Slot& slot : line_of(hash)) {
    if (slot.fingerprint != fingerprint_of(hash) || !is_alive(slot)) continue;
    slot = {};
    return true;
  }
  return false;
}

}  // namespace corering::cache
