#include "corering/cache/segment_frames.h"

namespace corering::cache {

SegmentFrames::SegmentFrames(base::MutableBytes memory, std::size_t frame_bytes)
    : memory_(memory), frame_bytes_(frame_bytes), frames_(memory.size() / frame_bytes) {
  CORERING_ASSERT(!frames_.empty() && frames_.size() < kNoFrame, "a frame pool without frames");
  free_.reserve(frames_.size());
  for (std::size_t index = frames_.size(); index > 0; --index) free_.push_back(static_cast<FrameId>(index - 1));
}

SegmentFrames::~SegmentFrames() {
  for (const Frame& frame : frames_) CORERING_ASSERT(frame.pins == 0, "a pin outlives the frames");
}

FrameId SegmentFrames::try_lend() noexcept {
  if (free_.empty()) return kNoFrame;
  const FrameId frame = free_.back();
  free_.pop_back();
  frames_[frame].lent = true;
  return frame;
}

void SegmentFrames::give_back(FrameId frame) noexcept {
  CORERING_ASSERT(frames_[frame].lent, "a frame is given back that is not lent");
  frames_[frame].lent = false;
  if (frames_[frame].pins == 0) free_.push_back(frame);  // capacity is reserved for all
}

void SegmentFrames::unpin(FrameId frame) noexcept {
  CORERING_ASSERT(frames_[frame].pins > 0, "a frame is unpinned more often than pinned");
  if (--frames_[frame].pins == 0 && !frames_[frame].lent) free_.push_back(frame);
}

}  // namespace corering::cache
