// Counts what goes to and comes from the heap in this executable, to see that warm code does without.
#pragma once

#include <cstddef>

namespace heap_count {

std::size_t allocations() noexcept;
std::size_t releases() noexcept;

}  // namespace heap_count
