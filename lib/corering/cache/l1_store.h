// L1Store: the memory of the hot tier: two FIFO queues of records, each a chain of fixed segments that are filled from front to back.
//
// Order in memory is order in the queue: no links between items, no allocator that could fragment. What dies leaves a hole until its
// segment is evicted or compacted. The store knows segments, spans and pins; what a record means, and which goes next, is the
// business of Cache and Evictor.
//
// A location counts units of 4 bytes from the start of the first slab; slabs are taken as the store fills: from the memory that it was
// lent, then as mappings of their own.
//
// Thread: owning core only. Lifetime: pins end before the store (asserted). Errors: an append finds no room.
// Cost: append and kill O(1); no allocation but one slab at a time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "corering/base/result.h"
#include "corering/cache/l1_word.h"
#include "corering/cache/pin.h"
#include "corering/cache/record.h"
#include "corering/mem/lent_memory.h"
#include "corering/mem/mapping.h"

namespace corering::cache {

enum class Queue : std::uint8_t { small, main };

struct L1Options {
  std::size_t budget_bytes = std::size_t{64} << 20;
  std::size_t segment_bytes = std::size_t{1} << 20;  // a power of two from 4 KiB to 64 MiB
  mem::LentMemory memory = {};                       // what slabs are taken from while it lasts: see L1Store::memory_bytes
};

class L1Store {
 public:
  static constexpr std::size_t kSegmentBytesMin = 4096;
  static constexpr std::size_t kSegmentBytesMax = std::size_t{64} << 20;
  // Fewer could not hold two queues, what is being evicted and what survives it.
  static constexpr std::size_t kSegmentsMin = 6;

  struct Segment {
    PinTarget pins;  // the first member: see release()
    std::uint32_t number = 0;
    std::uint32_t next = kNone;  // younger
    std::uint32_t previous = kNone;
    std::uint32_t end_bytes = 0;   // appended so far
    std::uint32_t live_bytes = 0;  // of those, not holes
    std::uint32_t live_count = 0;
    Queue queue = Queue::small;
    std::uint32_t generation = 0;                                           // of its contents
    bool is_listed = false;                                                 // in a queue
    bool is_surplus = false;                                                // free, and its pages are to be given back
    std::int64_t expiry_ms_min = std::numeric_limits<std::int64_t>::max();  // no record in it expires earlier
  };
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // Who appends. Survivors of an eviction may use the segment that is kept free for them.
  enum class Claim : std::uint8_t { newcomer, survivor };

  // Memory for the whole budget: that of its slabs.
  static std::size_t memory_bytes(const L1Options& options) noexcept;

  // Errors: invalid_argument (a budget of fewer than kSegmentsMin segments, an impossible segment size); out_of_memory.
  static base::Result<std::unique_ptr<L1Store>> open(const L1Options& options);
  L1Store(const L1Store&) = delete;
  L1Store& operator=(const L1Store&) = delete;

  // Room for a record: its word says alive and how much it spans; the rest is for the caller to write.
  std::optional<std::uint64_t> try_append(Queue queue, std::size_t record_bytes, Claim claim);
  bool has_room(Queue queue, std::size_t record_bytes, Claim claim) const noexcept;
  std::size_t record_bytes_max() const noexcept { return segment_bytes_ / 4; }

  std::byte* at(std::uint64_t location) const noexcept {
    return slabs_[location >> slab_unit_bits_].memory + (location & slab_unit_mask_) * L1Word::kUnitBytes;
  }
  void prefetch(std::uint64_t location) const noexcept {
    const std::byte* record = at(location);
    __builtin_prefetch(record);
    __builtin_prefetch(record + 64);
  }

  // The record is a hole from now on.
  void kill(std::uint64_t location) noexcept;
  // It is a record again. Requires: it was killed, and its segment is in a queue still.
  void revive(std::uint64_t location) noexcept;

  Pin pin(std::uint64_t location) noexcept { return Pin(segment_of(location).pins); }
  bool is_pinned(std::uint64_t location) const noexcept { return segment_of(location).pins.is_pinned(); }
  Queue queue_of(std::uint64_t location) const noexcept { return segment_of(location).queue; }
  void note_expiry(std::uint64_t location, std::int64_t expiry_ms) noexcept {
    Segment& segment = segment_of(location);
    if (expiry_ms < segment.expiry_ms_min) segment.expiry_ms_min = expiry_ms;
  }

  // Segments by number, for those who walk them. A number is valid until release().
  std::uint32_t oldest(Queue queue) const noexcept { return queues_[index_of(queue)].oldest; }
  std::uint32_t newest(Queue queue) const noexcept { return queues_[index_of(queue)].newest; }
  Segment& segment(std::uint32_t number) noexcept {
    return slabs_[number >> slab_segment_bits_].segments[number & slab_segment_mask_];
  }
  const Segment& segment(std::uint32_t number) const noexcept {
    return slabs_[number >> slab_segment_bits_].segments[number & slab_segment_mask_];
  }
  std::uint64_t first_location(std::uint32_t number) const noexcept { return std::uint64_t{number} << segment_unit_bits_; }
  std::uint32_t number_of(std::uint64_t location) const noexcept {
    return static_cast<std::uint32_t>(location >> segment_unit_bits_);
  }

  // Nothing more is appended to the segment, which may be the newest of its queue.
  void close(std::uint32_t number) noexcept;

  // Takes the segment out of its queue, whatever is in it; it is free when its last pin goes.
  void release(std::uint32_t number) noexcept;
  void release_all() noexcept;

  // May be less than what is in use: then segments are missing until evictions have freed them. Errors: invalid_argument.
  base::Result<> set_budget(std::size_t bytes);

  // Gives what is beyond the budget back to the machine, unless somebody else holds it: it costs page faults should the budget grow
  // again. Not at once, because releases may come from a core that has borrowed the cache. Thread: the core of mem::LentMemory.
  void give_back() noexcept;

  // Memory outside the segments that counts against the budget.
  void set_outside_bytes(std::size_t bytes) noexcept { outside_bytes_ = bytes; }

  std::size_t segment_bytes() const noexcept { return segment_bytes_; }
  std::size_t budget_bytes() const noexcept { return budget_bytes_; }
  std::size_t segment_limit() const noexcept { return (budget_bytes_ - std::min(outside_bytes_, budget_bytes_)) / segment_bytes_; }
  std::size_t segments_in_use() const noexcept { return in_use_; }
  // Negative while the budget is exceeded.
  std::ptrdiff_t segments_free() const noexcept {
    return static_cast<std::ptrdiff_t>(segment_limit()) - static_cast<std::ptrdiff_t>(in_use_);
  }
  std::size_t segment_count(Queue queue) const noexcept { return queues_[index_of(queue)].count; }
  std::uint64_t live_bytes(Queue queue) const noexcept { return queues_[index_of(queue)].live_bytes; }
  std::uint64_t live_count(Queue queue) const noexcept { return queues_[index_of(queue)].live_count; }
  std::uint64_t hole_bytes() const noexcept { return queues_[0].filled_bytes + queues_[1].filled_bytes - live_bytes(); }
  std::uint64_t live_bytes() const noexcept { return live_bytes(Queue::small) + live_bytes(Queue::main); }
  // Taken from the machine, touched or not: the high-water mark of segments.
  std::size_t segments_mapped() const noexcept { return fresh_; }
  // Of slabs that the lent memory had no room for.
  std::size_t own_bytes() const noexcept { return own_bytes_; }

 private:
  struct Slab {
    mem::Mapping mapping;  // or none: the memory was lent
    std::byte* memory = nullptr;
    std::unique_ptr<Segment[]> segments;
  };
  struct Chain {
    std::uint32_t oldest = kNone;
    std::uint32_t newest = kNone;
    bool is_open = false;  // the newest takes appends
    std::size_t count = 0;
    std::uint64_t filled_bytes = 0;  // live and holes
    std::uint64_t live_bytes = 0;
    std::uint64_t live_count = 0;
  };

  explicit L1Store(const L1Options& options);

  static std::size_t index_of(Queue queue) noexcept { return static_cast<std::size_t>(queue); }
  Segment& segment_of(std::uint64_t location) noexcept { return segment(number_of(location)); }
  const Segment& segment_of(std::uint64_t location) const noexcept { return segment(number_of(location)); }
  bool may_take(Claim claim) const noexcept { return segments_free() > (claim == Claim::newcomer ? 1 : 0); }
  std::uint32_t take() noexcept;
  bool try_add_slab() noexcept;
  void unlink(std::uint32_t number) noexcept;
  void put_free(Segment& segment) noexcept;
  void mark_surplus(Segment& segment) noexcept;

  std::size_t segment_bytes_;
  std::size_t budget_bytes_;
  std::size_t outside_bytes_ = 0;
  unsigned segment_unit_bits_;
  unsigned slab_segment_bits_;
  std::uint32_t slab_segment_mask_;
  unsigned slab_unit_bits_;
  std::uint64_t slab_unit_mask_;
  mem::LentMemory lent_;  // what is left of it
  std::size_t own_bytes_ = 0;
  std::vector<Slab> slabs_;
  std::vector<std::uint32_t> surplus_;
  std::vector<std::uint32_t> free_;
  std::size_t fresh_ = 0;   // segments that have been used at least once
  std::size_t in_use_ = 0;  // in a queue, or waiting for their last pin
  std::array<Chain, 2> queues_;
};

}  // namespace corering::cache
