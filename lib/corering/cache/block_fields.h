// Integers at offsets within a block, as superblocks and marks hold them: in the machine's order, unaligned.
//
// Thread: any. Require: the field lies within the block.
#pragma once

#include <cstddef>
#include <cstring>

#include "corering/base/bytes.h"

namespace corering::cache {

template <typename Integer>
void put_field(base::MutableBytes to, std::size_t offset, Integer value) noexcept {
  std::memcpy(to.data() + offset, &value, sizeof value);
}

template <typename Integer>
Integer get_field(base::ByteView from, std::size_t offset) noexcept {
  Integer value;
  std::memcpy(&value, from.data() + offset, sizeof value);
  return value;
}

}  // namespace corering::cache
