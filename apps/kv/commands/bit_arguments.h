// What the bit commands share.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "kv/commands/call.h"

namespace kv {

// An offset in bits; with a width (not 0) also "#n", the n-th field. Nothing: the error is written.
std::optional<std::uint64_t> read_bit_offset(Call& call, std::string_view argument, unsigned width);

// A view of something callable as void(char* bytes, std::size_t size).
class BitEdit {
 public:
  template <typename Edit>
  BitEdit(Edit& edit) noexcept
      : edit_(&edit), call_([](const void* target, char* bytes, std::size_t size) {
          (*static_cast<Edit*>(const_cast<void*>(target)))(bytes, size);
        }) {}
  void operator()(char* bytes, std::size_t size) const { call_(edit_, bytes, size); }

 private:
  const void* edit_;
  void (*call_)(const void*, char*, std::size_t);
};

// Changes a value that reaches to `last_bit` at least, with zeros behind its old end. False: the error is written.
bool edit_bits(Call& call, std::string_view key, std::uint64_t last_bit, BitEdit edit);

}  // namespace kv
