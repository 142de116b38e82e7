#include "kv/protocol/crc64.h"

#include <array>
#include <cstddef>

#include "kv/protocol/ascii.h"

namespace kv::protocol {

namespace {

constexpr std::uint64_t kReflectedPolynomial = 0x95ac9329ac4bc9b5;  // of 0xad93d23594c935a9
constexpr std::size_t kSlices = 8;

using Table = std::array<std::array<std::uint64_t, 256>, kSlices>;

// kTables[i][b]: what byte b leaves behind after i further bytes.
constexpr Table kTables = [] {
  Table tables{};
  for (std::uint64_t byte = 0; byte < 256; ++byte) {
    std::uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ kReflectedPolynomial : crc >> 1;
    tables[0][byte] = crc;
  }
  for (std::size_t slice = 1; slice < kSlices; ++slice) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint64_t before = tables[slice - 1][byte];
      tables[slice][byte] = before >> 8 ^ tables[0][before & 0xff];
    }
  }
  return tables;
}();

}  // namespace

std::uint64_t crc64(std::uint64_t crc, std::string_view bytes) noexcept {
  while (bytes.size() >= kSlices) {
    const std::uint64_t word = crc ^ load<std::uint64_t>(bytes.data());
    crc = 0;
    for (unsigned i = 0; i < kSlices; ++i) crc ^= kTables[7 - i][word >> (8 * i) & 0xff];
    bytes.remove_prefix(kSlices);
  }
  for (const char byte : bytes) crc = kTables[0][(crc ^ static_cast<unsigned char>(byte)) & 0xff] ^ crc >> 8;
  return crc;
}

}  // namespace kv::protocol
