// Mapping: an anonymous memory mapping that unmaps itself.
//
// The home of everything that the kernel reads or writes on our behalf: arenas and provided-buffer rings. Mappings of 2 MiB and more
// are aligned for, and advised to use, transparent huge pages, so that 500 chunks in flight do not cost 500 TLB entries. Pages are
// placed when they are first touched: near the CPU of the thread that uses them, or on the NUMA node that was asked for, as far as
// that has memory.
// Thread: any, one at a time. Lifetime: the memory dies with the object; the kernel must not hold it by then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "corering/base/bytes.h"
#include "corering/base/result.h"

namespace corering::mem {

inline constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

enum class Pages : std::uint8_t {
  plain,
  transparent_huge,  // the kernel makes them huge when it can
  explicit_huge,     // taken from the pool of vm.nr_hugepages
};

// "plain", "transparent huge", "explicit huge".
std::string_view name_of(Pages pages) noexcept;

class Mapping {
 public:
  // Zeroed memory of at least `bytes` (> 0), aligned to a page, or to a huge page from 2 MiB up. Errors: out_of_memory.
  static base::Result<Mapping> open(std::size_t bytes);

  struct HugeOptions {
    std::size_t bytes = 0;          // > 0
    std::size_t further_bytes = 0;  // behind them, a multiple of 2 MiB: never explicit huge pages, never touched here
    std::optional<unsigned> node;   // of NUMA: preferred
  };

  // The same with explicit huge pages if the machine has enough of them free. Rounds up to 2 MiB. The further bytes are no promise of
  // the machine's (MAP_NORESERVE): it may have less memory than addresses.
  static base::Result<Mapping> open_huge(const HugeOptions& options);
  static base::Result<Mapping> open_huge(std::size_t bytes) { return open_huge(HugeOptions{.bytes = bytes}); }

  Mapping() = default;
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  // Gives the memory of a part back to the machine; its next touch finds zeros. Nothing may refer to it, and no ring may have it
  // registered. Requires: a part of a mapping, aligned to 4096, a multiple of that long. Cost: one system call.
  static void discard(base::MutableBytes part) noexcept;

  base::MutableBytes bytes() const noexcept { return {static_cast<std::byte*>(address_), bytes_}; }
  Pages pages() const noexcept { return pages_; }
  Pages further_pages() const noexcept { return further_pages_; }  // plain without further bytes

 private:
  Mapping(void* address, std::size_t bytes, Pages pages, Pages further_pages = Pages::plain)
      : address_(address), bytes_(bytes), pages_(pages), further_pages_(further_pages) {}
  static base::Result<Mapping> open_huge_with_further(const HugeOptions& options);

  void* address_ = nullptr;
  std::size_t bytes_ = 0;
  Pages pages_ = Pages::plain;
  Pages further_pages_ = Pages::plain;
};

}  // namespace corering::mem
