#include "corering/ring/registered_buffers.h"

#include <sys/uio.h>

#include <algorithm>
#include <functional>

namespace corering::ring {

RegisteredBuffers::RegisteredBuffers(Ring& ring, base::MutableBytes arena) : ring_(ring), arena_(arena) {
  const std::size_t count = (arena.size() + kPieceBytes - 1) / kPieceBytes;
  buffers_max_ = std::min(count, kBuffersMax);
  if (count == 0) return;
  io_uring_rsrc_register table{};
  table.nr = static_cast<std::uint32_t>(buffers_max_);
  table.flags = IORING_RSRC_REGISTER_SPARSE;
  if (ring_.backend().register_resource(IORING_REGISTER_BUFFERS2, &table, sizeof(table)) >= 0) pieces_.resize(count, kUntouched);
}

RegisteredBuffers::~RegisteredBuffers() {
  if (!pieces_.empty()) ring_.backend().register_resource(IORING_UNREGISTER_BUFFERS, nullptr, 0);
}

std::optional<std::size_t> RegisteredBuffers::offset_of(base::ByteView bytes) const noexcept {
  const std::less<const std::byte*> before;
  const std::byte* const start = arena_.data();
  if (pieces_.empty() || bytes.empty() || before(bytes.data(), start) || !before(bytes.data(), start + arena_.size())) return {};
  return static_cast<std::size_t>(bytes.data() - start);
}

std::optional<std::uint16_t> RegisteredBuffers::index_of(base::ByteView bytes) {
  const std::optional<std::size_t> offset = offset_of(bytes);
  if (!offset) return {};
  const std::size_t index = *offset / kPieceBytes;
  if ((*offset + bytes.size() - 1) / kPieceBytes != index) return {};
  std::uint16_t& buffer = pieces_[index];
  if (buffer == kUntouched) buffer = register_piece(index);
  if (buffer == kRefused) return {};
  return buffer;
}

bool RegisteredBuffers::holds(base::ByteView bytes) const noexcept {
  const std::optional<std::size_t> offset = offset_of(bytes);
  if (!offset) return false;
  const std::size_t last = std::min((*offset + bytes.size() - 1) / kPieceBytes, pieces_.size() - 1);
  const auto first = pieces_.begin() + static_cast<std::ptrdiff_t>(*offset / kPieceBytes);
  return std::any_of(first, pieces_.begin() + static_cast<std::ptrdiff_t>(last) + 1,
                     [](std::uint16_t buffer) { return buffer < kRefused; });
}

base::MutableBytes RegisteredBuffers::piece(std::size_t index) const noexcept {
  const std::size_t offset = index * kPieceBytes;
  return arena_.subspan(offset, std::min(kPieceBytes, arena_.size() - offset));
}

std::uint16_t RegisteredBuffers::register_piece(std::size_t index) {
  const base::MutableBytes memory = piece(index);
  const iovec buffer{memory.data(), memory.size()};
  io_uring_rsrc_update2 update{};
  update.offset = static_cast<std::uint32_t>(buffers_);
  update.data = reinterpret_cast<std::uint64_t>(&buffer);
  update.nr = 1;
  if (buffers_ == buffers_max_ || ring_.backend().register_resource(IORING_REGISTER_BUFFERS_UPDATE, &update, sizeof(update)) < 0) {
    refused_bytes_ += memory.size();
    return kRefused;
  }
  registered_bytes_ += memory.size();
  return static_cast<std::uint16_t>(buffers_++);
}

}  // namespace corering::ring
