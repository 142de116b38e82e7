// ArgumentList: the arguments of one request, as views of received bytes.
//
// The first few lie in the object, so that ordinary requests allocate nothing. What one huge request needed is given back when the
// list is cleared.
//
// Thread: any one. Lifetime: the views live as long as the bytes that were parsed; see RequestReader.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace kv::protocol {

class ArgumentList {
 public:
  static constexpr std::size_t kInlineCount = 8;
  static constexpr std::size_t kKeptCount = 256;  // a larger list goes back to the heap after use

  ArgumentList() = default;
  ArgumentList(const ArgumentList&) = delete;
  ArgumentList& operator=(const ArgumentList&) = delete;

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::string_view operator[](std::size_t index) const noexcept { return data_[index]; }
  const std::string_view* begin() const noexcept { return data_; }
  const std::string_view* end() const noexcept { return data_ + size_; }
  operator std::span<const std::string_view>() const noexcept { return {data_, size_}; }

  void clear() noexcept {
    size_ = 0;
    if (capacity_ > kKeptCount) give_back();
  }

  void push_back(std::string_view argument) {
    if (size_ == capacity_) reserve(capacity_ * 2);
    data_[size_++] = argument;
  }

  // Room for `count` in all, without changing what is there.
  void reserve(std::size_t count) {
    if (count <= capacity_) return;
    auto larger = std::make_unique<std::string_view[]>(count);
    std::copy_n(data_, size_, larger.get());
    heap_ = std::move(larger);
    data_ = heap_.get();
    capacity_ = count;
  }

  // Views of `from` become views of its copy at `to`.
  void move_views(std::string_view from, const char* to) noexcept {
    for (std::size_t index = 0; index < size_; ++index) {
      const std::uintptr_t offset =
          reinterpret_cast<std::uintptr_t>(data_[index].data()) - reinterpret_cast<std::uintptr_t>(from.data());
      if (offset < from.size()) data_[index] = {to + offset, data_[index].size()};
    }
  }

  // Takes over what `other` holds, and leaves it empty.
  void take(ArgumentList& other) {
    clear();
    if (other.heap_ != nullptr) {
      heap_.swap(other.heap_);
      capacity_ = other.capacity_;
      data_ = heap_.get();
    } else {
      std::copy_n(other.data_, other.size_, data_);
    }
    size_ = other.size_;
    other.heap_.reset();
    other.give_back();
    other.size_ = 0;
  }

  // For parsers that fill the inline places themselves. Requires: count <= kInlineCount.
  std::string_view* places() noexcept { return data_; }
  void set_size(std::size_t count) noexcept { size_ = count; }

 private:
  void give_back() noexcept {
    heap_.reset();
    data_ = inline_.data();
    capacity_ = kInlineCount;
  }

  std::size_t size_ = 0;
  std::size_t capacity_ = kInlineCount;
  std::string_view* data_ = inline_.data();
  std::unique_ptr<std::string_view[]> heap_;
  std::array<std::string_view, kInlineCount> inline_;
};

}  // namespace kv::protocol
