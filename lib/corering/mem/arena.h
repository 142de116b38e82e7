// Arena: all the memory of a core that the kernel reads or writes for it: one mapping, carved once into size classes.
//
// One mapping, so that it is backed by huge pages as a whole and registered with the ring as a whole (ring::RegisteredBuffers);
// whatever lies in it can be sent or written as it stands. Explicit huge pages if the machine has them, else transparent ones, else
// plain: pages() says which.
//
// Thread: carved by the thread that opens it; the parts belong to the core. Lifetime: outlives what is carved from it.
// Cost: memory is taken from the machine when it is first touched.
#pragma once

#include <cstddef>

#include "corering/base/bytes.h"
#include "corering/base/result.h"
#include "corering/mem/mapping.h"

namespace corering::mem {

class Arena {
 public:
  static constexpr std::size_t kAlignment = 4096;

  // What a part of so many bytes takes.
  static constexpr std::size_t footprint(std::size_t bytes) noexcept { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

  // `bytes`: the sum of the parts' footprints. Errors: out_of_memory.
  static base::Result<Arena> open(std::size_t bytes);

  Arena(Arena&&) = default;

  // The next part, aligned to a page. Requires: its footprint is left.
  base::MutableBytes carve(std::size_t bytes) noexcept;

  base::MutableBytes bytes() const noexcept { return mapping_.bytes(); }
  std::size_t uncarved_bytes() const noexcept { return mapping_.bytes().size() - carved_; }
  Pages pages() const noexcept { return mapping_.pages(); }

 private:
  explicit Arena(Mapping mapping) : mapping_(std::move(mapping)) {}

  Mapping mapping_;
  std::size_t carved_ = 0;
};

}  // namespace corering::mem
