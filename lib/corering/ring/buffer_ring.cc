#include "corering/ring/buffer_ring.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <utility>

namespace corering::ring {

namespace {

constexpr std::uint32_t kPeriodRefills = 1024;

}  // namespace

base::Result<BufferRing> BufferRing::open(Ring& ring, mem::ChunkPool& pool, const Options& options) {
  CORERING_ASSERT(std::has_single_bit(options.window_chunks_max) && options.window_chunks_max <= 32768,
                  "a buffer ring has a power of two of entries, up to 32768");
  CORERING_ASSERT(options.reserve_chunks < pool.count(), "the reserve of a buffer ring leaves it no chunk");
  auto mapping = mem::Mapping::open(options.window_chunks_max * sizeof(io_uring_buf));
  if (!mapping) return base::failure(std::move(mapping.error()));
  BufferRingRegistration registration{};
  registration.address = reinterpret_cast<std::uint64_t>(mapping->bytes().data());
  registration.entries = options.window_chunks_max;
  registration.group = options.group.id;
  if (const int result = ring.backend().register_resource(IORING_REGISTER_PBUF_RING, &registration, 1); result < 0) {
    return base::failure(
        base::os_error(-result, "registering a ring of " + std::to_string(options.window_chunks_max) + " receive buffers"));
  }
  return BufferRing(ring, pool, std::move(*mapping), options);
}

BufferRing::BufferRing(Ring& ring, mem::ChunkPool& pool, mem::Mapping mapping, const Options& options)
    : ring_(&ring),
      pool_(&pool),
      mapping_(std::move(mapping)),
      group_(options.group),
      capacity_(options.window_chunks_max),
      window_min_(std::min(options.window_chunks, options.window_chunks_max)),
      reserve_(options.reserve_chunks),
      window_(window_min_),
      lent_(pool.count(), false) {}

BufferRing::BufferRing(BufferRing&& other) noexcept
    : ring_(std::exchange(other.ring_, nullptr)),
      pool_(other.pool_),
      mapping_(std::move(other.mapping_)),
      group_(other.group_),
      capacity_(other.capacity_),
      window_min_(other.window_min_),
      reserve_(other.reserve_),
      window_(other.window_),
      in_window_(std::exchange(other.in_window_, 0)),
      tail_(other.tail_),
      lent_(std::move(other.lent_)) {}

BufferRing::~BufferRing() {
  if (ring_ == nullptr) return;
  BufferRingRegistration removal{};
  removal.group = group_.id;
  ring_->backend().register_resource(IORING_UNREGISTER_PBUF_RING, &removal, 1);
  for (std::size_t id = 0; id < lent_.size(); ++id) {
    if (lent_[id]) pool_->adopt(mem::ChunkId{static_cast<std::uint16_t>(id)});
  }
}

void BufferRing::refill() noexcept {
  widened_ = false;
  narrow();
  if (in_window_ >= window_) return;
  while (in_window_ < window_ && !is_short()) {
    mem::Chunk chunk = pool_->try_borrow();
    const base::MutableBytes bytes = chunk.bytes();
    const mem::ChunkId id = chunk.release();
    // Field by field: the ring's tail lives in the unused field of the first entry.
    io_uring_buf& entry = entries()[tail_++ & (capacity_ - 1)];
    entry.addr = reinterpret_cast<std::uint64_t>(bytes.data());
    entry.len = static_cast<std::uint32_t>(bytes.size());
    entry.bid = id.value;
    lent_[id.value] = true;
    ++in_window_;
  }
  std::atomic_ref(reinterpret_cast<io_uring_buf_ring*>(entries())->tail).store(tail_, std::memory_order_release);
}

mem::Chunk BufferRing::take(std::uint16_t buffer_id) noexcept {
  CORERING_ASSERT(buffer_id < lent_.size() && lent_[buffer_id], "the kernel reports a chunk that it was not lent");
  lent_[buffer_id] = false;
  --in_window_;
  return pool_->adopt(mem::ChunkId{buffer_id});
}

void BufferRing::on_exhausted() noexcept {
  if (widened_ || is_short()) return;
  widened_ = true;
  window_ = std::min(window_ * 2, capacity_);
}

// A burst leaves a wide window behind, and a wide window is a cold one.
void BufferRing::narrow() noexcept {
  if (window_ > in_window_) used_max_ = std::max(used_max_, window_ - in_window_);
  if (++refills_ < kPeriodRefills) return;
  if (used_max_ * 4 < window_) window_ = std::max(window_ / 2, window_min_);
  used_max_ = 0;
  refills_ = 0;
}

}  // namespace corering::ring
