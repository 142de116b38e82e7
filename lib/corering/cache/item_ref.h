// ItemRef: an item, and the hold on its memory.
//
// While it lives, key and value stay where and as they are, whatever happens to the item: a reply may be sent straight out of them.
// Whoever changes a pinned item changes a copy. Pinned memory is not reused: a reference should live as long as a reply, not longer.
//
// Thread: owning core only. Lifetime: dies before its cache. Cost: one increment, one decrement.
#pragma once

#include <cstdint>
#include <utility>

#include "corering/base/bytes.h"
#include "corering/cache/pin.h"
#include "corering/cache/record.h"
#include "corering/cache/segment_frames.h"

namespace corering::cache {

class ItemRef {
 public:
  ItemRef() = default;
  ItemRef(RecordView record, base::ByteView value, Pin pin, Pin value_pin = {}) noexcept
      : record_(record), value_(value), pin_(std::move(pin)), value_pin_(std::move(value_pin)) {}

  // In the log's memory tier.
  ItemRef(RecordView record, FramePin pin) noexcept : record_(record), value_(record.value()), frame_pin_(std::move(pin)) {}
  // In a buffer that somebody else holds.
  explicit ItemRef(RecordView record) noexcept : record_(record), value_(record.value()) {}

  explicit operator bool() const noexcept { return record_.data() != nullptr; }

  // Require: it refers to an item.
  base::ByteView key() const noexcept { return record_.key(); }
  base::ByteView value() const noexcept { return value_; }
  std::uint64_t version() const noexcept { return record_.sequence(); }  // for compare-and-swap; grows with every change
  std::uint32_t client_flags() const noexcept { return record_.client_flags(); }
  std::int64_t expiry_ms() const noexcept { return record_.expiry_ms(); }  // since 1970; kNeverExpires

 private:
  RecordView record_;
  base::ByteView value_;
  Pin pin_;
  Pin value_pin_;  // of a large value
  FramePin frame_pin_;
};

}  // namespace corering::cache
