// Arena: all the memory of a core that the kernel reads or writes for it, in one range of addresses.
//
// One range, so that it is backed by huge pages as a whole and registered with the ring as a whole (ring::RegisteredBuffers);
// whatever lies in it can be sent or written as it stands. It has two parts:
//
// - the chunks, carved once into size classes. Explicit huge pages if the machine has them, else transparent ones, else plain: pages()
//   says which;
// - further memory, e.g. for the items of a cache: lent as a whole, never touched here, so that it takes memory from the machine only as
//   it fills. Never explicit huge pages: those must be taken when they are mapped, or a container's limit shows as SIGBUS when they
//   are touched; a start that takes 16 GiB lasts seconds.
//
// Thread: carved by the thread that opens it; the parts belong to the core. Lifetime: outlives what is carved from it.
// Cost: memory is taken from the machine when it is first touched.
#pragma once

#include <cstddef>
#include <optional>

#include "corering/base/bytes.h"
#include "corering/base/result.h"
#include "corering/mem/mapping.h"

namespace corering::mem {

class Arena {
 public:
  static constexpr std::size_t kAlignment = 4096;

  struct Options {
    std::size_t chunk_bytes = 0;    // the sum of the parts' footprints
    std::size_t further_bytes = 0;  // rounded up to huge pages
    std::optional<unsigned> node;   // of NUMA, whose memory is preferred; without one, that of who touches a page first
  };

  // What a part of so many bytes takes.
  static constexpr std::size_t footprint(std::size_t bytes) noexcept { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

  // If the machine refuses addresses for further memory (ulimit -v, strict overcommit), there is none: further() is empty.
  // Errors: out_of_memory.
  static base::Result<Arena> open(const Options& options);
  static base::Result<Arena> open(std::size_t chunk_bytes) { return open(Options{.chunk_bytes = chunk_bytes}); }

  Arena(Arena&&) = default;

  // The next part, aligned to a page. Requires: its footprint is left.
  base::MutableBytes carve(std::size_t bytes) noexcept;

  base::MutableBytes bytes() const noexcept { return mapping_.bytes(); }
  std::size_t uncarved_bytes() const noexcept { return mapping_.bytes().size() - further_bytes_ - carved_; }
  Pages pages() const noexcept { return mapping_.pages(); }  // of the chunks

  base::MutableBytes further() const noexcept { return mapping_.bytes().last(further_bytes_); }
  Pages further_pages() const noexcept { return mapping_.further_pages(); }

 private:
  Arena(Mapping mapping, std::size_t further_bytes) : mapping_(std::move(mapping)), further_bytes_(further_bytes) {}

  Mapping mapping_;
  std::size_t further_bytes_;
  std::size_t carved_ = 0;
};

}  // namespace corering::mem
