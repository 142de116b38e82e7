#include "corering/cache/l1_store.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "corering/base/assert.h"

namespace corering::cache {

namespace {

// Large enough that mapping is rare, small enough that a small cache does not reserve much.
constexpr std::size_t kSlabBytesMax = std::size_t{64} << 20;

base::Error refused(const L1Options& options) {
  return {base::ErrorCode::invalid_argument, 0,
          "found an L1 of " + std::to_string(options.budget_bytes) + " bytes in segments of " +
              std::to_string(options.segment_bytes) + ", need a power of two from 4096 to 67108864 per segment, and at least " +
              std::to_string(L1Store::kSegmentsMin) + " of them"};
}

bool is_possible(const L1Options& options) {
  return std::has_single_bit(options.segment_bytes) && options.segment_bytes >= L1Store::kSegmentBytesMin &&
         options.segment_bytes <= L1Store::kSegmentBytesMax &&
         options.budget_bytes / options.segment_bytes >= L1Store::kSegmentsMin;
}

unsigned bits_of(std::size_t power) { return static_cast<unsigned>(std::countr_zero(power)); }

std::size_t slab_bytes_for(const L1Options& options) {
  return std::max(options.segment_bytes, std::bit_ceil(std::min(kSlabBytesMax, options.budget_bytes)));
}

}  // namespace

base::Result<std::unique_ptr<L1Store>> L1Store::open(const L1Options& options) {
  if (!is_possible(options)) return base::failure(refused(options));
  return std::unique_ptr<L1Store>(new L1Store(options));
}

std::size_t L1Store::memory_bytes(const L1Options& options) noexcept {
  const std::size_t slab_bytes = slab_bytes_for(options);
  return (options.budget_bytes + slab_bytes - 1) / slab_bytes * slab_bytes;
}

L1Store::L1Store(const L1Options& options)
    : segment_bytes_(options.segment_bytes), budget_bytes_(options.budget_bytes), lent_(options.memory) {
  const std::size_t slab_bytes = slab_bytes_for(options);
  segment_unit_bits_ = bits_of(segment_bytes_ / L1Word::kUnitBytes);
  slab_segment_bits_ = bits_of(slab_bytes / segment_bytes_);
  slab_segment_mask_ = (1U << slab_segment_bits_) - 1;
  slab_unit_bits_ = bits_of(slab_bytes / L1Word::kUnitBytes);
  slab_unit_mask_ = (std::uint64_t{1} << slab_unit_bits_) - 1;
}

bool L1Store::has_room(Queue queue, std::size_t record_bytes, Claim claim) const noexcept {
  const Chain& chain = queues_[index_of(queue)];
  if (chain.is_open && segment(chain.newest).end_bytes + L1Word::span_for(record_bytes) <= segment_bytes_) return true;
  return may_take(claim);
}

std::optional<std::uint64_t> L1Store::try_append(Queue queue, std::size_t record_bytes, Claim claim) {
  const std::size_t span = L1Word::span_for(record_bytes);
  CORERING_ASSERT(span <= segment_bytes_, "a record is larger than a segment");
  Chain& chain = queues_[index_of(queue)];
  if (!chain.is_open || segment(chain.newest).end_bytes + span > segment_bytes_) {
    const std::uint32_t number = may_take(claim) ? take() : kNone;
    if (number == kNone) return std::nullopt;
    Segment& fresh = segment(number);
    fresh.queue = queue;
    fresh.is_listed = true;
    fresh.previous = chain.newest;
    (chain.newest == kNone ? chain.oldest : segment(chain.newest).next) = number;
    chain.newest = number;
    chain.is_open = true;
    ++chain.count;
  }
  Segment& newest = segment(chain.newest);
  const std::uint64_t location = first_location(chain.newest) + newest.end_bytes / L1Word::kUnitBytes;
  newest.end_bytes += static_cast<std::uint32_t>(span);
  newest.live_bytes += static_cast<std::uint32_t>(span);
  chain.filled_bytes += span;
  chain.live_bytes += span;
  ++newest.live_count;
  ++chain.live_count;
  L1Word::with_span(span).store(at(location));
  return location;
}

void L1Store::kill(std::uint64_t location) noexcept {
  L1Word word = L1Word::of(at(location));
  CORERING_ASSERT(!word.is_dead(), "a record dies twice");
  word.set_dead();
  word.store(at(location));
  Segment& segment = segment_of(location);
  segment.live_bytes -= static_cast<std::uint32_t>(word.span_bytes());
  --segment.live_count;
  Chain& chain = queues_[index_of(segment.queue)];
  chain.live_bytes -= word.span_bytes();
  --chain.live_count;
}

void L1Store::revive(std::uint64_t location) noexcept {
  const std::size_t span = L1Word::of(at(location)).span_bytes();
  L1Word::with_span(span).store(at(location));
  Segment& segment = segment_of(location);
  segment.live_bytes += static_cast<std::uint32_t>(span);
  ++segment.live_count;
  Chain& chain = queues_[index_of(segment.queue)];
  chain.live_bytes += span;
  ++chain.live_count;
}

void L1Store::close(std::uint32_t number) noexcept {
  Chain& chain = queues_[index_of(segment(number).queue)];
  if (chain.newest == number) chain.is_open = false;
}

// Last-in first-out: what was freed last is in the cache still. A slab is mapped when all before are in use.
std::uint32_t L1Store::take() noexcept {
  if (free_.empty()) {
    if (fresh_ == slabs_.size() << slab_segment_bits_ && !try_add_slab()) return kNone;
    const auto number = static_cast<std::uint32_t>(fresh_++);
    segment(number).number = number;
    ++in_use_;
    return number;
  }
  const std::uint32_t number = free_.back();
  free_.pop_back();
  ++in_use_;
  segment(number).is_surplus = false;
  return number;
}

bool L1Store::try_add_slab() noexcept {
  const std::size_t bytes = segment_bytes_ << slab_segment_bits_;
  Slab slab;
  if (lent_.bytes.size() >= bytes) {
    slab.memory = lent_.bytes.data();
    lent_.bytes = lent_.bytes.subspan(bytes);
  } else {
    auto mapping = mem::Mapping::open(bytes);
    if (!mapping) return false;
    slab.mapping = std::move(*mapping);
    slab.memory = slab.mapping.bytes().data();
    own_bytes_ += slab.mapping.bytes().size();
  }
  slab.segments = std::make_unique<Segment[]>(std::size_t{1} << slab_segment_bits_);
  slabs_.push_back(std::move(slab));
  return true;
}

void L1Store::unlink(std::uint32_t number) noexcept {
  Segment& gone = segment(number);
  Chain& chain = queues_[index_of(gone.queue)];
  if (chain.newest == number) chain.is_open = false;
  (gone.previous == kNone ? chain.oldest : segment(gone.previous).next) = gone.next;
  (gone.next == kNone ? chain.newest : segment(gone.next).previous) = gone.previous;
  --chain.count;
  chain.filled_bytes -= gone.end_bytes;
  chain.live_bytes -= gone.live_bytes;
  chain.live_count -= gone.live_count;
  gone.is_listed = false;
  ++gone.generation;
  gone.next = gone.previous = kNone;
  gone.end_bytes = gone.live_bytes = gone.live_count = 0;
  gone.expiry_ms_min = std::numeric_limits<std::int64_t>::max();
}

void L1Store::release(std::uint32_t number) noexcept {
  unlink(number);
  segment(number).pins.retire(
      [](void* self, PinTarget& pins) { static_cast<L1Store*>(self)->put_free(reinterpret_cast<Segment&>(pins)); }, this);
}

void L1Store::put_free(Segment& segment) noexcept {
  --in_use_;
  free_.push_back(segment.number);
  if (segments_free() <= 0) mark_surplus(segment);
}

void L1Store::mark_surplus(Segment& segment) noexcept {
  if (!std::exchange(segment.is_surplus, true)) surplus_.push_back(segment.number);
}

void L1Store::give_back() noexcept {
  for (const std::uint32_t number : surplus_) {
    if (!std::exchange(segment(number).is_surplus, false)) continue;  // in use again
    const base::MutableBytes pages(at(first_location(number)), segment_bytes_);
    if (lent_.holder == nullptr || !lent_.holder->holds(pages)) mem::Mapping::discard(pages);
  }
  surplus_.clear();
}

void L1Store::release_all() noexcept {
  for (const Chain& chain : queues_) {
    while (chain.oldest != kNone) release(chain.oldest);
  }
}

base::Result<> L1Store::set_budget(std::size_t bytes) {
  const L1Options options{.budget_bytes = bytes, .segment_bytes = segment_bytes_};
  if (!is_possible(options)) return base::failure(refused(options));
  if (std::exchange(budget_bytes_, bytes) > bytes) {
    for (const std::uint32_t number : free_) mark_surplus(segment(number));
  }
  return {};
}

}  // namespace corering::cache
