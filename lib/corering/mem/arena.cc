#include "corering/mem/arena.h"

#include <utility>

#include "corering/base/assert.h"

namespace corering::mem {

base::Result<Arena> Arena::open(std::size_t bytes) {
  auto mapping = Mapping::open_huge(bytes);
  if (!mapping) return base::failure(std::move(mapping.error()));
  return Arena(std::move(*mapping));
}

base::MutableBytes Arena::carve(std::size_t bytes) noexcept {
  CORERING_ASSERT(bytes <= uncarved_bytes() && footprint(bytes) <= uncarved_bytes(), "more is carved from an arena than it has");
  const base::MutableBytes part = mapping_.bytes().subspan(carved_, bytes);
  carved_ += footprint(bytes);
  return part;
}

}  // namespace corering::mem
