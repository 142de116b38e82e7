// BatchBuffers<T>: items gathered into batches of bounded size, each in one piece of memory.
//
// A ring of equal buffers. One is being filled; those before it are sealed, and the oldest of them is taken, whole, and released.
// What a consumer gets is therefore always one span, never two around the end of a ring. All memory is taken from the heap once.
//
// Thread: owning core only. Cost: O(1) per item and per batch, no allocation; items are destroyed when their batch is released.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "corering/base/assert.h"

namespace corering::flow {

template <typename T>
class BatchBuffers {
  static_assert(std::is_nothrow_move_constructible_v<T>, "items are moved into batches, which may not throw");

 public:
  // Holds at most batches_max batches of at most items_max items.
  BatchBuffers(std::size_t batches_max, std::size_t items_max) : items_max_(items_max), buffers_(batches_max) {
    CORERING_ASSERT(batches_max > 0 && items_max > 0, "a batch stream has no room for a batch");
    for (std::vector<T>& buffer : buffers_) buffer.reserve(items_max);
  }

  bool has_room() const noexcept { return filling_ - taking_ < buffers_.size(); }
  bool has_sealed() const noexcept { return filling_ != taking_; }
  std::size_t unsealed_count() const noexcept { return has_room() ? buffers_[filling_ % buffers_.size()].size() : 0; }
  bool empty() const noexcept { return !has_sealed() && unsealed_count() == 0; }

  // Adds to the batch being filled and seals it when it is full. Requires: has_room().
  void push(T&& item) noexcept {
    std::vector<T>& buffer = buffers_[filling_ % buffers_.size()];
    buffer.push_back(std::move(item));
    if (buffer.size() == items_max_) seal();
  }

  // What is pushed from now on goes into the next batch. Requires: unsealed_count() > 0.
  void seal() noexcept { ++filling_; }

  // The oldest sealed batch; it stays until release. Requires: has_sealed().
  std::span<T> front() noexcept { return buffers_[taking_ % buffers_.size()]; }

  // Destroys the items of the oldest sealed batch. Requires: has_sealed().
  void release() noexcept {
    buffers_[taking_ % buffers_.size()].clear();
    ++taking_;
  }

 private:
  const std::size_t items_max_;
  std::vector<std::vector<T>> buffers_;
  std::uint64_t filling_ = 0;  // batches sealed since the beginning
  std::uint64_t taking_ = 0;   // batches released since the beginning
};

}  // namespace corering::flow
