// SegmentQueue: segments in order, first in first out, with a fixed capacity. Thread: owning core only. Cost: O(1), no allocation.
#pragma once

#include <cstddef>
#include <vector>

#include "corering/base/assert.h"
#include "corering/cache/segment_table.h"

namespace corering::cache {

class SegmentQueue {
 public:
  explicit SegmentQueue(std::size_t capacity) : ring_(capacity) {}

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  SegmentId front() const noexcept { return at(0); }
  SegmentId at(std::size_t index) const noexcept { return ring_[(head_ + index) % ring_.size()]; }

  void push(SegmentId id) noexcept {
    CORERING_ASSERT(size_ < ring_.size(), "a segment is queued twice");
    ring_[(head_ + size_++) % ring_.size()] = id;
  }
  SegmentId pop() noexcept {
    CORERING_ASSERT(size_ > 0, "an empty queue of segments is taken from");
    const SegmentId id = ring_[head_];
    head_ = (head_ + 1) % ring_.size();
    --size_;
    return id;
  }

 private:
  std::vector<SegmentId> ring_;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace corering::cache
