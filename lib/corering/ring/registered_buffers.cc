#include "corering/ring/registered_buffers.h"

#include <sys/uio.h>

#include <algorithm>
#include <functional>

namespace corering::ring {

RegisteredBuffers::RegisteredBuffers(Ring& ring, base::MutableBytes arena) : ring_(ring), arena_(arena) {
  const std::size_t count = (arena.size() + kPieceBytes - 1) / kPieceBytes;
  if (count == 0 || count > UINT16_MAX) return;
  io_uring_rsrc_register table{};
  table.nr = static_cast<std::uint32_t>(count);
  table.flags = IORING_RSRC_REGISTER_SPARSE;
  if (ring_.backend().register_resource(IORING_REGISTER_BUFFERS2, &table, sizeof(table)) >= 0) pieces_.resize(count);
}

RegisteredBuffers::~RegisteredBuffers() {
  if (!pieces_.empty()) ring_.backend().register_resource(IORING_UNREGISTER_BUFFERS, nullptr, 0);
}

std::optional<std::uint16_t> RegisteredBuffers::index_of(base::ByteView bytes) {
  const std::less<const std::byte*> before;
  const std::byte* const start = arena_.data();
  if (pieces_.empty() || bytes.empty() || before(bytes.data(), start) || !before(bytes.data(), start + arena_.size())) return {};
  const auto offset = static_cast<std::size_t>(bytes.data() - start);
  const std::size_t index = offset / kPieceBytes;
  if ((offset + bytes.size() - 1) / kPieceBytes != index) return {};
  State& state = pieces_[index];
  if (state == State::untouched) state = register_piece(index);
  if (state == State::refused) return {};
  return static_cast<std::uint16_t>(index);
}

base::MutableBytes RegisteredBuffers::piece(std::size_t index) const noexcept {
  const std::size_t offset = index * kPieceBytes;
  return arena_.subspan(offset, std::min(kPieceBytes, arena_.size() - offset));
}

RegisteredBuffers::State RegisteredBuffers::register_piece(std::size_t index) {
  const base::MutableBytes memory = piece(index);
  const iovec buffer{memory.data(), memory.size()};
  io_uring_rsrc_update2 update{};
  update.offset = static_cast<std::uint32_t>(index);
  update.data = reinterpret_cast<std::uint64_t>(&buffer);
  update.nr = 1;
  if (ring_.backend().register_resource(IORING_REGISTER_BUFFERS_UPDATE, &update, sizeof(update)) < 0) return State::refused;
  registered_bytes_ += memory.size();
  return State::registered;
}

}  // namespace corering::ring
