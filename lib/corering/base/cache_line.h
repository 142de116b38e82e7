// The size of a cache line, for keeping what two cores write apart.
#pragma once

#include <cstddef>

namespace corering::base {

// 64 on x86-64 and on the arm64 server parts; std::hardware_destructive_interference_size warns of ABI drift in g++ 12.
inline constexpr std::size_t kCacheLineBytes = 64;

}  // namespace corering::base
