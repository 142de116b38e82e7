// Evictor: which items leave L1, by S3-FIFO, and how their segments become free.
//
// Newcomers join the small queue, a tenth of the budget. The oldest segment of a queue is walked record by record. Out of small:
// what was hit goes on to main, the rest leaves and its ghost stays. Out of main: what was hit goes round once more, with one hit less;
// the rest leaves. While holes make up a tenth of the budget nothing leaves at all: the segments with most of them are compacted
// instead, so a data set that fits (nine tenths of the budget, less two segments, if records are small beside a segment) never loses
// an item.
//
// The work is done in steps, paid for by appends. Only if those fell behind, an append waits for a whole segment; the second
// chances end then, so that it waits for two segments at most.
//
// Thread: owning core only. Cost: about 100 ns per record that moves or leaves, 5 ns per hole. Source: Yang et al., FIFO queues are all you
// need, 2023.
#pragma once

#include <cstddef>
#include <cstdint>

#include "corering/cache/counters.h"
#include "corering/cache/ghost.h"
#include "corering/cache/hash.h"
#include "corering/cache/index.h"
#include "corering/cache/l1_store.h"
#include "corering/cache/large_values.h"
#include "corering/cache/record.h"

namespace corering::cache {

// Where items go that leave L1.
class Departure {
 public:
  virtual ~Departure() = default;

  // The item has not been asked for in a while. The index must not point to it afterwards. `from`: the queue that it leaves.
  virtual void on_evict(std::uint64_t hash, std::uint64_t location, const RecordView& record, Queue from) = 0;

  // A dirty item has been moved within L1.
  virtual void on_dirty_moved(std::uint64_t hash, std::uint64_t to) = 0;

  // The item's time is over.
  virtual void on_expire(std::uint64_t hash, std::uint64_t location, const RecordView& record) = 0;
};

class Evictor {
 public:
  Evictor(L1Store& store, Index& index, Ghost& ghost, const KeyHash& hash, CacheCounters& counters, Departure& departure) noexcept
      : store_(store), index_(index), ghost_(ghost), hash_(hash), counters_(counters), departure_(departure) {}

  // About `bytes` worth of work, if segments are short.
  void step(std::size_t bytes, std::int64_t now_ms);

  // Works until there is room. False if there is nothing left to evict: all memory is pinned.
  bool make_room(Queue queue, std::size_t record_bytes, std::int64_t now_ms);

  // Works until `segments` are free. False: as above.
  bool make_segments_free(std::ptrdiff_t segments, std::int64_t now_ms);

  // Its records are being moved or sent away, from the first to the last.
  bool is_walking(std::uint32_t segment) const noexcept { return segment == victim_; }

  // Forgets the segment it was walking: the store was emptied.
  void reset() noexcept { victim_ = L1Store::kNone; }

 private:
  enum class Purpose : std::uint8_t { evict, compact };
  // Whether the segment that takes appends may be evicted: only if nothing else can be, or what was just stored would go.
  enum class Newest : std::uint8_t { spared, taken };

  // Of these one is kept for survivors, the others wait for newcomers.
  static constexpr std::ptrdiff_t kFreeSegments = 2;

  bool is_short() const noexcept { return victim_ != L1Store::kNone || store_.segments_free() < kFreeSegments; }
  bool choose_victim(Newest newest) noexcept;
  std::size_t ghost_count_max() const noexcept;
  std::uint32_t oldest_unpinned(Queue queue, Newest newest) const noexcept;
  std::uint32_t find_holes() noexcept;
  std::size_t visit_next(std::int64_t now_ms);
  void visit(std::uint64_t location, L1Word word, std::int64_t now_ms);
  bool try_move(std::uint64_t hash, std::uint64_t location, const RecordView& record, Queue to, std::uint32_t frequency);

  L1Store& store_;
  Index& index_;
  Ghost& ghost_;
  const KeyHash& hash_;
  CacheCounters& counters_;
  Departure& departure_;

  std::uint32_t victim_ = L1Store::kNone;
  std::uint32_t offset_bytes_ = 0;  // walked so far
  Purpose purpose_ = Purpose::evict;
  bool second_chances_ = true;
  std::uint32_t holes_cursor_ = 0;
};

}  // namespace corering::cache
