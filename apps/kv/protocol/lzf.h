// LZF, the compression of long strings in dump payloads: reading it.
//
//   stream    = *( literals | reference )
//   literals  = %x00-1f bytes                   one to 32 bytes
//   reference = lll ooooo [ length ] offset     3 bits of length - 2 (7: another byte is added), 13 bits of distance - 1
//
// Source: liblzf, lzf_d.c.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace kv::protocol {

// Writes exactly out.size() bytes. False: the stream is damaged, or of another size; `out` then holds anything.
bool decompress_lzf(std::string_view stream, std::span<char> out) noexcept;

}  // namespace kv::protocol
