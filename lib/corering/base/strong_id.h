// StrongId: an integer that cannot be mistaken for another kind of integer.
//
//   using ChunkId = base::StrongId<struct ChunkTag, std::uint32_t>;
#pragma once

#include <compare>

namespace corering::base {

template <typename Tag, typename Integer>
struct StrongId {
  Integer value{};

  friend auto operator<=>(StrongId, StrongId) = default;
};

}  // namespace corering::base
