// OutBuffer: requests on their way out, written back to back. Grows, and keeps what it has grown to.
//
// A vector of bytes would clear the room that is written to next, request by request. Thread: one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "corering/base/bytes.h"

namespace load {

class OutBuffer {
 public:
  // Room for `count` more bytes, which the following appends need.
  void require(std::size_t count) {
    if (capacity_ - size_ < count) grow(count);
  }

  void append(std::string_view text) noexcept {
    std::memcpy(bytes_.get() + size_, text.data(), text.size());
    size_ += text.size();
  }
  void append(corering::base::ByteView bytes) noexcept {
    if (bytes.empty()) return;
    std::memcpy(bytes_.get() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  corering::base::ByteView bytes() const noexcept { return {bytes_.get(), size_}; }
  void clear() noexcept { size_ = 0; }

 private:
  void grow(std::size_t count) {
    capacity_ = std::max(capacity_ * 2, size_ + count);
    std::unique_ptr<std::byte[]> larger(new std::byte[capacity_]);
    if (size_ != 0) std::memcpy(larger.get(), bytes_.get(), size_);
    bytes_ = std::move(larger);
  }

  std::unique_ptr<std::byte[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace load
