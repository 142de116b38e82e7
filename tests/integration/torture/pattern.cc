#include "torture/pattern.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "torture/random.h"

namespace corering::torture {
namespace {

static_assert(std::endian::native == std::endian::little, "the pattern is defined on little-endian words");

constexpr std::size_t kWordBytes = sizeof(std::uint64_t);

std::uint64_t pattern_word(std::uint64_t stream, std::uint64_t index) { return mix(stream + index * kGoldenGamma); }

void fill_part_of_word(std::uint64_t stream, std::uint64_t offset, std::span<std::byte> out) {
  const std::uint64_t word = pattern_word(stream, offset / kWordBytes);
  std::memcpy(out.data(), reinterpret_cast<const std::byte*>(&word) + offset % kWordBytes, out.size());
}

}  // namespace

void fill_pattern(std::uint64_t stream, std::uint64_t offset, std::span<std::byte> out) {
  const std::size_t head = std::min<std::size_t>(-offset % kWordBytes, out.size());
  fill_part_of_word(stream, offset, out.first(head));
  offset += head;
  out = out.subspan(head);
  for (; out.size() >= kWordBytes; out = out.subspan(kWordBytes), offset += kWordBytes) {
    const std::uint64_t word = pattern_word(stream, offset / kWordBytes);
    std::memcpy(out.data(), &word, kWordBytes);
  }
  fill_part_of_word(stream, offset, out);
}

std::size_t first_difference(std::uint64_t stream, std::uint64_t offset, std::span<const std::byte> in) {
  std::array<std::byte, 1024> expected;
  for (std::size_t done = 0; done < in.size();) {
    const auto piece = in.subspan(done, std::min(expected.size(), in.size() - done));
    const auto wanted = std::span(expected).first(piece.size());
    fill_pattern(stream, offset + done, wanted);
    if (std::memcmp(piece.data(), wanted.data(), piece.size()) != 0) {
      return done + static_cast<std::size_t>(std::ranges::mismatch(piece, wanted).in1 - piece.begin());
    }
    done += piece.size();
  }
  return in.size();
}

}  // namespace corering::torture
