#include "corering/testing/simulated_device.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace corering::testing {

SimulatedDevice::SimulatedDevice(std::uint64_t bytes, std::uint64_t seed)
    : random_(seed), visible_(bytes), durable_(bytes), dirty_((bytes + kSectorBytes - 1) / kSectorBytes) {}

SimulatedDevice::~SimulatedDevice() { CORERING_ASSERT(pending_.empty(), "a device dies with requests"); }

void SimulatedDevice::start(cache::DeviceRequest& request) {
  const auto spread = static_cast<std::uint64_t>((faults_.latency_max - faults_.latency_min).count());
  const std::uint64_t latency =
      static_cast<std::uint64_t>(faults_.latency_min.count()) + (spread == 0 ? 0 : random_.below(spread + 1));
  pending_.push_back({&request, now_ns_ + latency});
}

void SimulatedDevice::poll() {
  std::vector<Pending> due;
  std::erase_if(pending_, [&](const Pending& pending) {
    if (pending.due_ns > now_ns_) return false;
    due.push_back(pending);
    return true;
  });
  for (std::size_t left = due.size(); left > 1; --left) std::swap(due[left - 1], due[random_.below(left)]);
  for (const Pending& pending : due) pending.request->finish(carry_out(*pending.request));
}

base::Duration SimulatedDevice::until_next() const noexcept {
  if (pending_.empty()) return base::Duration(0);
  std::uint64_t next = UINT64_MAX;
  for (const Pending& pending : pending_) next = std::min(next, pending.due_ns);
  return base::Duration(next <= now_ns_ ? 0 : static_cast<std::int64_t>(next - now_ns_));
}

std::int64_t SimulatedDevice::carry_out(const cache::DeviceRequest& request) {
  using Kind = cache::DeviceRequest::Kind;
  if (request.kind() == Kind::sync) return sync();
  const std::uint64_t offset = request.offset();
  if (offset >= visible_.size()) return request.kind() == Kind::read ? 0 : -ENOSPC;
  std::size_t bytes = std::min<std::uint64_t>(request.bytes().size(), visible_.size() - offset);
  if (bytes > 1 && random_.chance(faults_.short_transfer)) bytes = random_.between(1, bytes - 1);
  if (request.kind() == Kind::read) {
    ++reads_;
    if (random_.chance(faults_.read_error)) return -EIO;
    std::memcpy(request.bytes().data(), visible_.data() + offset, bytes);
    return static_cast<std::int64_t>(bytes);
  }
  const bool fails = random_.chance(faults_.write_error);
  if (fails) bytes = random_.below(bytes + 1);
  write(offset, request.bytes().first(bytes));
  if (fails) return random_.chance(500) ? -EIO : -ENOSPC;
  return static_cast<std::int64_t>(bytes);
}

void SimulatedDevice::write(std::uint64_t offset, base::ByteView from) {
  if (from.empty()) return;
  std::memcpy(visible_.data() + offset, from.data(), from.size());
  written_bytes_ += from.size();
  for (std::size_t sector = offset / kSectorBytes; sector <= (offset + from.size() - 1) / kSectorBytes; ++sector) {
    if (!dirty_[sector]) dirty_list_.push_back(sector);
    dirty_[sector] = true;
  }
}

std::int64_t SimulatedDevice::sync() {
  ++syncs_;
  const bool fails = random_.chance(faults_.sync_error);
  for (const std::size_t sector : dirty_list_) {
    const std::size_t begin = sector * kSectorBytes;
    const std::size_t bytes = std::min(kSectorBytes, visible_.size() - begin);
    if (!fails || random_.chance(500)) std::memcpy(durable_.data() + begin, visible_.data() + begin, bytes);
    dirty_[sector] = false;
  }
  dirty_list_.clear();
  return fails ? -EIO : 0;
}

void SimulatedDevice::damage(std::uint64_t offset, base::ByteView bytes) noexcept {
  CORERING_ASSERT(offset + bytes.size() <= visible_.size(), "damage beyond the end of a device");
  std::memcpy(visible_.data() + offset, bytes.data(), bytes.size());
  std::memcpy(durable_.data() + offset, bytes.data(), bytes.size());
}

void SimulatedDevice::crash(Failure failure) {
  // What was under way may have come through, in part.
  for (const Pending& pending : pending_) {
    if (pending.request->kind() != cache::DeviceRequest::Kind::write || random_.chance(333)) continue;
    const base::MutableBytes bytes = pending.request->bytes();
    for (std::size_t begin = 0; begin < bytes.size(); begin += kSectorBytes) {
      if (pending.request->offset() + begin >= visible_.size() || random_.chance(250)) continue;
      write(pending.request->offset() + begin, bytes.subspan(begin, std::min(kSectorBytes, bytes.size() - begin)));
    }
  }
  for (const Pending& pending : pending_) pending.request->drop();
  pending_.clear();
  if (failure == Failure::process) return;
  // A disk works block by block, but promises sectors only.
  for (const std::size_t sector : dirty_list_) {
    const std::size_t begin = sector * kSectorBytes;
    const std::size_t bytes = std::min(kSectorBytes, visible_.size() - begin);
    if (random_.chance(500)) std::memcpy(durable_.data() + begin, visible_.data() + begin, bytes);
    dirty_[sector] = false;
  }
  dirty_list_.clear();
  visible_ = durable_;
}

}  // namespace corering::testing
