// SegmentFrames: the memory of segments: frames of one size, lent to segments and pinned by readers.
//
// A frame is free again when its segment has let it go and the last pin has died; until then its bytes do not change, so a reply may
// send a value straight out of it.
//
// Thread: owning core only. Lifetime: outlives its pins. Cost: O(1), no allocation after construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "corering/base/assert.h"
#include "corering/base/bytes.h"

namespace corering::cache {

using FrameId = std::uint32_t;
inline constexpr FrameId kNoFrame = UINT32_MAX;

class SegmentFrames;

// Keeps the bytes of a frame as they are. Move-only.
class FramePin {
 public:
  FramePin() = default;
  FramePin(SegmentFrames& pool, FrameId frame) noexcept;
  FramePin(FramePin&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)), frame_(other.frame_) {}
  FramePin& operator=(FramePin&& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~FramePin();

  explicit operator bool() const noexcept { return pool_ != nullptr; }

 private:
  SegmentFrames* pool_ = nullptr;
  FrameId frame_ = kNoFrame;
};

class SegmentFrames {
 public:
  // Requires: `memory` holds at least one frame.
  SegmentFrames(base::MutableBytes memory, std::size_t frame_bytes);
  SegmentFrames(const SegmentFrames&) = delete;
  SegmentFrames& operator=(const SegmentFrames&) = delete;
  ~SegmentFrames();

  // kNoFrame if all are out.
  FrameId try_lend() noexcept;

  // The segment needs it no more.
  void give_back(FrameId frame) noexcept;

  base::MutableBytes bytes(FrameId frame) const noexcept { return memory_.subspan(frame * frame_bytes_, frame_bytes_); }
  std::size_t count() const noexcept { return frames_.size(); }
  std::size_t free_count() const noexcept { return free_.size(); }

 private:
  friend class FramePin;
  struct Frame {
    std::uint32_t pins = 0;
    bool lent = false;
  };

  void pin(FrameId frame) noexcept { ++frames_[frame].pins; }
  void unpin(FrameId frame) noexcept;

  const base::MutableBytes memory_;
  const std::size_t frame_bytes_;
  std::vector<Frame> frames_;
  std::vector<FrameId> free_;
};

inline FramePin::FramePin(SegmentFrames& pool, FrameId frame) noexcept : pool_(&pool), frame_(frame) { pool.pin(frame); }

inline FramePin::~FramePin() {
  if (pool_ != nullptr) pool_->unpin(frame_);
}

}  // namespace corering::cache
