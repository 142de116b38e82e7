// ReplyBuffer: replies that are written on one core and put in their place on another, or later.
//
// A ReplySink of its own memory, which grows, and keeps what it has for the next time up to kKeptBytes. Values that are referred to stay
// where they are; their pins are handed over with take().
//
// Thread: one at a time; handing it to another core is up to a message. Lifetime: what it refers to is released by whoever takes it; a
// buffer that dies with references has lost them (asserted).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "corering/base/assert.h"
#include "kv/protocol/reply_sink.h"

namespace kv {

class ReplyBuffer final : public protocol::ReplySink {
 public:
  static constexpr std::size_t kKeptBytes = std::size_t{64} << 10;

  ReplyBuffer() = default;
  ReplyBuffer(const ReplyBuffer&) = delete;
  ReplyBuffer& operator=(const ReplyBuffer&) = delete;
  ~ReplyBuffer() override { CORERING_ASSERT(next_reference_ == references_.size(), "references of a reply are lost"); }

  std::span<char> next_window(std::size_t written, std::size_t bytes_min) override {
    size_ += written;
    if (capacity_ - size_ < bytes_min) grow(bytes_min);
    return {bytes_.get() + size_, capacity_ - size_};
  }
  void finish(std::size_t written) override { size_ += written; }
  void refer(std::string_view bytes, protocol::Pin pin) override { references_.push_back({size_, bytes, pin}); }

  std::size_t size() const noexcept { return size_; }
  bool has_references() const noexcept { return next_reference_ < references_.size(); }

  // Takes what was written up to `end` and was not taken yet: calls text(view) and refer(view, pin) in order.
  template <typename OnText, typename OnReference>
  void take(std::size_t end, OnText&& on_text, OnReference&& on_reference) {
    while (next_reference_ < references_.size() && references_[next_reference_].at <= end) {
      const Reference& reference = references_[next_reference_++];
      if (reference.at > taken_) on_text(std::string_view(bytes_.get() + taken_, reference.at - taken_));
      taken_ = reference.at;
      on_reference(reference.bytes, reference.pin);
    }
    if (end > taken_) on_text(std::string_view(bytes_.get() + taken_, end - taken_));
    taken_ = end;
  }

  // Forgets what was written behind `size`. Requires: nothing was referred to behind it.
  void truncate(std::size_t size) noexcept { size_ = size; }

  void clear() noexcept {
    size_ = taken_ = next_reference_ = 0;
    references_.clear();
    if (capacity_ > kKeptBytes) {
      bytes_.reset();
      capacity_ = 0;
    }
  }

 private:
  static constexpr std::size_t kFirstBytes = 4096;

  struct Reference {
    std::size_t at;
    std::string_view bytes;
    protocol::Pin pin;
  };

  void grow(std::size_t bytes_min) {
    const std::size_t capacity = std::max({2 * capacity_, size_ + bytes_min, kFirstBytes});
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    if (size_ != 0) std::memcpy(larger.get(), bytes_.get(), size_);
    bytes_ = std::move(larger);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
  std::size_t taken_ = 0;
  std::size_t next_reference_ = 0;
  std::vector<Reference> references_;
};

}  // namespace kv
