// Mapping: an anonymous memory mapping that unmaps itself.
//
// The home of everything that the kernel reads or writes on our behalf: chunk pools and provided-buffer rings. Mappings of 2 MiB
// and more are aligned for, and advised to use, transparent huge pages, so that 500 chunks in flight do not cost 500 TLB entries.
// Thread: any, one at a time. Lifetime: the memory dies with the object; the kernel must not hold it by then.
#pragma once

#include <cstddef>

#include "corering/base/bytes.h"
#include "corering/base/result.h"

namespace corering::mem {

inline constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

class Mapping {
 public:
  // Zeroed memory of at least `bytes` (> 0), aligned to a page, or to a huge page from 2 MiB up. Errors: out_of_memory.
  static base::Result<Mapping> open(std::size_t bytes);

  Mapping() = default;
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  base::MutableBytes bytes() const noexcept { return {static_cast<std::byte*>(address_), bytes_}; }

 private:
  Mapping(void* address, std::size_t bytes) : address_(address), bytes_(bytes) {}

  void* address_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace corering::mem
