// ReadSlot: one read of the file under way, its buffer, and all who asked for that record. Private to the room.
#pragma once

#include <cstddef>

#include "corering/cache/cold_read.h"
#include "corering/cache/cold_reader.h"
#include "corering/cache/transfer.h"

namespace corering::cache {

class ReadSlot {
 public:
  ReadSlot(ColdReader& reader, base::MutableBytes buffer) : reader_(reader), buffer_(buffer) {}

  void start(LogLocation location);
  void join(ColdRead& read) noexcept;
  void leave() noexcept;

  LogLocation location() const noexcept { return location_; }
  bool in_flight() const noexcept { return in_flight_; }
  bool is_held() const noexcept { return holders_ != 0; }

 private:
  friend class ColdReader;

  void read_blocks(std::size_t from, std::size_t end);
  void on_read(int error);
  bool reads_on(base::ByteView have);
  void finish(ColdRead::Outcome outcome, std::optional<RecordView> record);

  ColdReader& reader_;
  const base::MutableBytes buffer_;
  base::MutableBytes into_;  // the buffer, or the frame
  FrameId frame_ = kNoFrame;
  LogLocation location_;
  SegmentId segment_ = kNoSegment;
  std::uint64_t generation_ = 0;
  std::size_t begin_ = 0;  // of the blocks, in the segment
  std::size_t have_bytes_ = 0;
  std::size_t ask_bytes_ = 0;
  std::size_t holders_ = 0;  // reads that wait for it or hold its bytes
  bool in_flight_ = false;
  base::List<ColdRead, ColdReadTag> readers_;  // that wait for it
  Transfer transfer_ = Transfer::to<&ReadSlot::on_read>(this);
};

}  // namespace corering::cache
