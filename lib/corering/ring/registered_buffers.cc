#include "corering/ring/registered_buffers.h"

#include <sys/uio.h>

#include <algorithm>
#include <functional>

namespace corering::ring {

RegisteredBuffers::RegisteredBuffers(Ring& ring, std::span<const base::MutableBytes> regions) : ring_(ring) {
  for (base::MutableBytes region : regions) {
    while (!region.empty()) {
      const std::size_t bytes = std::min(region.size(), kBufferBytesMax);
      buffers_.push_back({region.data(), bytes});
      region = region.subspan(bytes);
    }
  }
  // A table cannot grow, so the longest prefix that fits under the memlock limit is found by trying.
  while (!buffers_.empty()) {
    const auto count = static_cast<unsigned>(buffers_.size());
    if (ring_.backend().register_resource(IORING_REGISTER_BUFFERS, buffers_.data(), count) >= 0) break;
    buffers_.pop_back();
  }
}

RegisteredBuffers::~RegisteredBuffers() {
  if (!buffers_.empty()) ring_.backend().register_resource(IORING_UNREGISTER_BUFFERS, nullptr, 0);
}

std::optional<std::uint16_t> RegisteredBuffers::index_of(base::ByteView bytes) const noexcept {
  const std::less_equal<const std::byte*> before;
  for (std::size_t index = 0; index < buffers_.size(); ++index) {
    const auto* start = static_cast<const std::byte*>(buffers_[index].iov_base);
    if (before(start, bytes.data()) && before(bytes.data() + bytes.size(), start + buffers_[index].iov_len)) {
      return static_cast<std::uint16_t>(index);
    }
  }
  return std::nullopt;
}

std::size_t RegisteredBuffers::bytes_registered() const noexcept {
  std::size_t sum = 0;
  for (const iovec& buffer : buffers_) sum += buffer.iov_len;
  return sum;
}

}  // namespace corering::ring
