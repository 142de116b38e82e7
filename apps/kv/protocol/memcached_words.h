// Words: a line cut at blanks. Numbers: what memcached's safe_strto* functions accept.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kv/protocol/memcached_request.h"

namespace kv::protocol {

// The first words of a line. A line ends at a NUL, as it does for memcached.
class Words {
 public:
  static constexpr std::size_t kCountMax = 23;  // commands but get have fewer; the rest of the line is not looked at

  explicit Words(std::string_view line) noexcept;

  std::size_t count() const noexcept { return count_; }
  std::string_view operator[](std::size_t index) const noexcept { return {words_[index].begin, words_[index].bytes}; }
  std::string_view last() const noexcept { return (*this)[count_ - 1]; }

 private:
  // Not a std::string_view, which would be set to nothing 23 times.
  struct Word {
    const char* begin;
    std::size_t bytes;
  };

  std::array<Word, kCountMax> words_;
  std::size_t count_ = 0;
};

// The next word of `line`, which is shortened by it, and emptied at a NUL; empty: there is none.
std::string_view take_word(std::string_view& line) noexcept;

// An optional sign, digits, and nothing or a blank behind them. False: anything else, or more than 64 bits. What exceeds 32 bits is cut
// off, as memcached does.
bool read_number(std::string_view word, std::int32_t& value) noexcept;
bool read_number(std::string_view word, std::uint32_t& value) noexcept;
bool read_number(std::string_view word, std::uint64_t& value) noexcept;

}  // namespace kv::protocol
