// Tail: the beginning of a request whose rest is in a later piece of the stream.
//
// Two memories take turns: when a request in one is complete, its views stay valid while the other takes the next tail. Memory of up to
// kKeptBytes is kept for the next time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace kv::protocol {

class Tail {
 public:
  static constexpr std::size_t kKeptBytes = 1024;

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  std::string_view view() const noexcept { return {current().bytes.get() + begin_, size_}; }

  // Starts a new one. Requires: empty().
  void begin(std::string_view bytes) {
    begin_ = 0;
    Memory& memory = current();
    if (memory.capacity < bytes.size()) memory.allocate(std::max(bytes.size(), kFirstBytes));
    std::memcpy(memory.bytes.get(), bytes.data(), bytes.size());
    size_ = bytes.size();
  }

  // Calls on_moved(begin of the bytes) if they had to move; where they were is valid until it returns.
  template <typename OnMoved>
  void append(std::string_view bytes, OnMoved&& on_moved) {
    Memory& memory = current();
    if (begin_ + size_ + bytes.size() > memory.capacity) {
      Memory larger;
      larger.allocate(std::max(2 * memory.capacity, size_ + bytes.size()));
      std::memcpy(larger.bytes.get(), memory.bytes.get() + begin_, size_);
      on_moved(static_cast<const char*>(larger.bytes.get()));
      memory = std::move(larger);
      begin_ = 0;
    }
    std::memcpy(memory.bytes.get() + begin_ + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }

  void truncate(std::size_t size) noexcept { size_ = size; }

  // Forgets the first bytes.
  void drop(std::size_t count) noexcept {
    begin_ += count;
    size_ -= count;
  }

  // The request is complete: its bytes stay, the next tail goes elsewhere.
  void finish() noexcept {
    size_ = 0;
    turn_ = !turn_;
  }
  void clear() noexcept { size_ = 0; }

  // The views of finished requests end.
  void forget_finished() noexcept {
    Memory& finished = memories_[turn_ ? 0 : 1];
    if (finished.capacity > kKeptBytes) finished = {};
  }

 private:
  static constexpr std::size_t kFirstBytes = 256;

  struct Memory {
    std::unique_ptr<char[]> bytes;
    std::size_t capacity = 0;

    void allocate(std::size_t count) {
      bytes = std::make_unique_for_overwrite<char[]>(count);
      capacity = count;
    }
  };

  Memory& current() noexcept { return memories_[turn_ ? 1 : 0]; }
  const Memory& current() const noexcept { return memories_[turn_ ? 1 : 0]; }

  std::array<Memory, 2> memories_;
  bool turn_ = false;
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
};

}  // namespace kv::protocol
