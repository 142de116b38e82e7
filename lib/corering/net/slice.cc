#include "corering/net/slice.h"

#include <algorithm>
#include <cstring>

namespace corering::net {

std::size_t SliceQueue::append_to_last(base::ByteView bytes) noexcept {
  if (empty()) return 0;
  Slice::Node& last = nodes_.back();
  const base::MutableBytes chunk = last.chunk.bytes();
  const auto used = static_cast<std::size_t>(last.bytes.data() + last.bytes.size() - chunk.data());
  const std::size_t count = std::min(bytes.size(), chunk.size() - used);
  std::memcpy(chunk.data() + used, bytes.data(), count);
  last.bytes = {last.bytes.data(), last.bytes.size() + count};
  bytes_ += count;
  return count;
}

}  // namespace corering::net
