#include "corering/cache/crc32c.h"

#include <array>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

namespace corering::cache {

namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78;  // reflected

constexpr auto kTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t index = 0; index < table.size(); ++index) {
    std::uint32_t remainder = index;
    for (int bit = 0; bit < 8; ++bit) remainder = remainder >> 1 ^ ((remainder & 1) != 0 ? kPolynomial : 0);
    table[index] = remainder;
  }
  return table;
}();

#if defined(__x86_64__)

// The build is for every x86-64; only this function is for those with the instruction.
__attribute__((target("sse4.2"))) std::uint32_t crc32c_by_instruction(base::ByteView bytes, std::uint32_t before) noexcept {
  std::uint64_t remainder = ~before;
  const std::byte* from = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, from += 8) {
    std::uint64_t word;
    std::memcpy(&word, from, sizeof word);
    remainder = _mm_crc32_u64(remainder, word);
  }
  auto last = static_cast<std::uint32_t>(remainder);
  for (; left > 0; --left, ++from) last = _mm_crc32_u8(last, static_cast<unsigned char>(*from));
  return ~last;
}

bool has_instruction() noexcept {
  static const bool found = __builtin_cpu_supports("sse4.2") != 0;
  return found;
}

#elif defined(__ARM_FEATURE_CRC32)

std::uint32_t crc32c_by_instruction(base::ByteView bytes, std::uint32_t before) noexcept {
  std::uint32_t remainder = ~before;
  const std::byte* from = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, from += 8) {
    std::uint64_t word;
    std::memcpy(&word, from, sizeof word);
    remainder = __crc32cd(remainder, word);
  }
  for (; left > 0; --left, ++from) remainder = __crc32cb(remainder, static_cast<unsigned char>(*from));
  return ~remainder;
}

constexpr bool has_instruction() noexcept { return true; }

#else

std::uint32_t crc32c_by_instruction(base::ByteView bytes, std::uint32_t before) noexcept { return crc32c_by_table(bytes, before); }

constexpr bool has_instruction() noexcept { return false; }

#endif

}  // namespace

std::uint32_t crc32c_by_table(base::ByteView bytes, std::uint32_t before) noexcept {
  std::uint32_t remainder = ~before;
  for (const std::byte byte : bytes) remainder = remainder >> 8 ^ kTable[(remainder ^ static_cast<std::uint32_t>(byte)) & 255];
  return ~remainder;
}

std::uint32_t crc32c(base::ByteView bytes, std::uint32_t before) noexcept {
  return has_instruction() ? crc32c_by_instruction(bytes, before) : crc32c_by_table(bytes, before);
}

}  // namespace corering::cache
