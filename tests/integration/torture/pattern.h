// The bytes of one stream, computed from (stream, offset) whenever they are needed.
//
// A client that kept a copy of what it sent would need a gigabyte for a thousand connections. Here every byte of a
// stream is a function of its offset, so sender and checker each compute it, in any order and in pieces of any size.
//
// Thread: any. Cost: no allocation, about a nanosecond per 8 bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace corering::torture {

// Writes bytes offset .. offset + out.size() of the stream.
void fill_pattern(std::uint64_t stream, std::uint64_t offset, std::span<std::byte> out);

// The index of the first byte that is not the stream's, or in.size() if all are right.
std::size_t first_difference(std::uint64_t stream, std::uint64_t offset, std::span<const std::byte> in);

}  // namespace corering::torture
