#include "kv/protocol/key_slot.h"

#include <array>
#include <cstddef>

#include "kv/protocol/ascii.h"

namespace kv::protocol {

namespace {

constexpr std::uint16_t kPolynomial = 0x1021;
constexpr std::size_t kSlices = 8;

using Table = std::array<std::array<std::uint16_t, 256>, kSlices>;

// kTables[i][b]: what byte b leaves behind after i further bytes.
constexpr Table kTables = [] {
  Table tables{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    auto crc = static_cast<std::uint16_t>(byte << 8);
    for (int bit = 0; bit < 8; ++bit) crc = static_cast<std::uint16_t>((crc & 0x8000) != 0 ? crc << 1 ^ kPolynomial : crc << 1);
    tables[0][byte] = crc;
  }
  for (std::size_t slice = 1; slice < kSlices; ++slice) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint16_t before = tables[slice - 1][byte];
      tables[slice][byte] = static_cast<std::uint16_t>(before << 8 ^ tables[0][before >> 8]);
    }
  }
  return tables;
}();

constexpr std::uint8_t byte_of(std::uint64_t word, unsigned index) { return static_cast<std::uint8_t>(word >> (8 * index)); }

}  // namespace

std::uint16_t crc16(std::string_view bytes) noexcept {
  std::uint16_t crc = 0;
  while (bytes.size() >= kSlices) {
    const auto word = load<std::uint64_t>(bytes.data());
    std::uint16_t next = kTables[7][byte_of(word, 0) ^ crc >> 8] ^ kTables[6][byte_of(word, 1) ^ (crc & 0xff)];
    for (unsigned i = 2; i < kSlices; ++i) next ^= kTables[7 - i][byte_of(word, i)];
    crc = next;
    bytes.remove_prefix(kSlices);
  }
  for (const char byte : bytes) {
    crc = static_cast<std::uint16_t>(crc << 8 ^ kTables[0][crc >> 8 ^ static_cast<unsigned char>(byte)]);
  }
  return crc;
}

std::string_view hash_tag(std::string_view key) noexcept {
  const std::size_t open = key.find('{');
  if (open == std::string_view::npos) return key;
  const std::size_t close = key.find('}', open + 1);
  return close == std::string_view::npos || close == open + 1 ? key : key.substr(open + 1, close - open - 1);
}

std::uint16_t key_slot(std::string_view key) noexcept { return crc16(hash_tag(key)) % kSlotCount; }

}  // namespace kv::protocol
