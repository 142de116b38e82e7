#include "corering/mem/arena.h"

#include <utility>

#include "corering/base/assert.h"

namespace corering::mem {

base::Result<Arena> Arena::open(const Options& options) {
  if (options.further_bytes != 0 && options.further_bytes <= SIZE_MAX / 4) {
    const std::size_t further = (options.further_bytes + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
    auto mapping = Mapping::open_huge({.bytes = options.chunk_bytes, .further_bytes = further, .node = options.node});
    if (mapping) return Arena(std::move(*mapping), further);
  }
  auto mapping = Mapping::open_huge({.bytes = options.chunk_bytes, .node = options.node});
  if (!mapping) return base::failure(std::move(mapping.error()));
  return Arena(std::move(*mapping), 0);
}

base::MutableBytes Arena::carve(std::size_t bytes) noexcept {
  CORERING_ASSERT(bytes <= uncarved_bytes() && footprint(bytes) <= uncarved_bytes(), "more is carved from an arena than it has");
  const base::MutableBytes part = mapping_.bytes().subspan(carved_, bytes);
  carved_ += footprint(bytes);
  return part;
}

}  // namespace corering::mem
