// ReplyWriter: what both protocols' writers stand on: bytes, digits and texts, written where they are sent from.
//
// Thread: the sink's. Lifetime: a writer is made for the replies of one turn; its destructor finishes the window. Cost: a comparison and
// the stores; the sink is asked only when a window is full.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "kv/protocol/number.h"
#include "kv/protocol/reply_sink.h"

namespace kv::protocol {

class ReplyWriter {
 public:
  explicit ReplyWriter(ReplySink& sink) noexcept : sink_(sink) {}
  ReplyWriter(const ReplyWriter&) = delete;
  ReplyWriter& operator=(const ReplyWriter&) = delete;
  ~ReplyWriter() { flush(); }

  // Everything written is in the sink. Writing may go on.
  void flush() {
    if (begin_ == nullptr) return;
    sink_.finish(static_cast<std::size_t>(next_ - begin_));
    begin_ = next_ = end_ = nullptr;
  }

  // Bytes as they are, of any length.
  void raw(std::string_view bytes) {
    if (static_cast<std::size_t>(end_ - next_) >= bytes.size()) [[likely]] {
      put(bytes);
    } else {
      raw_in_pieces(bytes);
    }
  }

  // A literal: its length is known to the compiler.
  template <std::size_t kSize>
  void literal(const char (&text)[kSize]) {
    require(kSize - 1);
    std::memcpy(next_, text, kSize - 1);
    next_ += kSize - 1;
  }

  void unsigned_digits(std::uint64_t value) {
    require(kIntegerBytesMax);
    next_ = write_uint64(value, next_);
  }

  // Bytes that are sent where they lie.
  void refer(std::string_view bytes, Pin pin) {
    flush();
    sink_.refer(bytes, pin);
  }

 protected:
  // Room for `bytes` (<= ReplySink::kWindowBytesMin) at next_.
  void require(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - next_) < bytes) [[unlikely]]
      open_window(bytes);
  }

  void put(std::string_view bytes) noexcept {
    // An empty view may be null.
    if (!bytes.empty()) std::memcpy(next_, bytes.data(), bytes.size());
    next_ += bytes.size();
  }
  void put(char letter) noexcept { *next_++ = letter; }
  void put_crlf() noexcept {
    std::memcpy(next_, "\r\n", 2);
    next_ += 2;
  }

  char* next_ = nullptr;

 private:
  [[gnu::noinline]] void open_window(std::size_t bytes) {
    const std::span<char> window = sink_.next_window(static_cast<std::size_t>(next_ - begin_), bytes);
    begin_ = next_ = window.data();
    end_ = begin_ + window.size();
  }

  [[gnu::noinline]] void raw_in_pieces(std::string_view bytes) {
    while (!bytes.empty()) {
      require(1);
      const std::size_t count = std::min(bytes.size(), static_cast<std::size_t>(end_ - next_));
      put(bytes.substr(0, count));
      bytes.remove_prefix(count);
    }
  }

  ReplySink& sink_;
  char* begin_ = nullptr;
  char* end_ = nullptr;
};

}  // namespace kv::protocol
