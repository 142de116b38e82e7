// LargeValues: values too large for a segment, each in a mapping of its own.
//
// In the store's queue lies a proxy, a record whose value is this table's number, so that a large item comes, ages and goes like any
// other. Its bytes count against the budget of L1. Going down it becomes an ordinary record, if a segment of the log holds it.
//
// Thread: owning core only. Lifetime: pins end before the table. Errors: nothing if the machine refuses memory.
// Cost: one mmap and one munmap per value; pages are touched by who writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "corering/base/bytes.h"
#include "corering/cache/pin.h"
#include "corering/mem/mapping.h"

namespace corering::cache {

class LargeValues {
 public:
  // What a value of so many bytes takes.
  static constexpr std::size_t footprint(std::size_t bytes) noexcept { return (bytes + kPageBytes - 1) / kPageBytes * kPageBytes; }

  std::optional<std::uint32_t> try_take(std::size_t bytes);
  // Its memory goes when its last pin does.
  void release(std::uint32_t number) noexcept;
  // Undoes release() while a pin still holds the value.
  void revive(std::uint32_t number) noexcept { values_[number]->pins.revive(); }
  void release_all() noexcept;

  // As many bytes as were asked for, and the rest of the last page.
  base::MutableBytes memory(std::uint32_t number) const noexcept { return values_[number]->mapping.bytes(); }
  Pin pin(std::uint32_t number) noexcept { return Pin(values_[number]->pins); }
  bool is_pinned(std::uint32_t number) const noexcept { return values_[number]->pins.is_pinned(); }

  std::size_t bytes() const noexcept { return bytes_; }  // pinned leftovers included

 private:
  static constexpr std::size_t kPageBytes = 4096;

  struct Value {
    PinTarget pins;  // the first member: see release()
    std::uint32_t number = 0;
    mem::Mapping mapping;
  };

  std::vector<std::unique_ptr<Value>> values_;
  std::vector<std::uint32_t> free_;
  std::size_t bytes_ = 0;
};

}  // namespace corering::cache
