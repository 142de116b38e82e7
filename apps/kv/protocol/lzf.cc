#include "kv/protocol/lzf.h"

#include <cstring>

namespace kv::protocol {

namespace {

constexpr unsigned kLiteralsMax = 32;
constexpr std::size_t kLongLength = 7;

}  // namespace

bool decompress_lzf(std::string_view stream, std::span<char> out) noexcept {
  std::size_t written = 0;
  const auto take = [&] {
    const auto byte = static_cast<unsigned char>(stream[0]);
    stream.remove_prefix(1);
    return std::size_t{byte};
  };
  while (!stream.empty()) {
    const std::size_t control = take();
    if (control < kLiteralsMax) {
      const std::size_t count = control + 1;
      if (count > stream.size() || count > out.size() - written) return false;
      std::memcpy(out.data() + written, stream.data(), count);
      stream.remove_prefix(count);
      written += count;
      continue;
    }
    std::size_t length = control >> 5;
    if (length == kLongLength && !stream.empty()) length += take();
    if (stream.empty()) return false;
    const std::size_t distance = ((control & 0x1f) << 8 | take()) + 1;
    length += 2;
    if (distance > written || length > out.size() - written) return false;
    // Byte by byte: what is copied may be what was just written.
    for (std::size_t i = 0; i < length; ++i, ++written) out[written] = out[written - distance];
  }
  return written == out.size();
}

}  // namespace kv::protocol
