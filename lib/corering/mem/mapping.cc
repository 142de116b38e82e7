#include "corering/mem/mapping.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>

namespace corering::mem {

namespace {

void* map(std::size_t bytes) { return ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }

std::size_t round_up(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

// Maps more than needed and gives the unaligned ends back: mmap itself promises page alignment only.
void* map_huge_aligned(std::size_t bytes) {
  void* raw = map(bytes + kHugePageBytes);
  if (raw == MAP_FAILED) return raw;
  auto* start = static_cast<std::byte*>(raw);
  const std::size_t head = round_up(reinterpret_cast<std::uintptr_t>(raw), kHugePageBytes) - reinterpret_cast<std::uintptr_t>(raw);
  if (head != 0) ::munmap(start, head);
  if (const std::size_t tail = kHugePageBytes - head; tail != 0) ::munmap(start + head + bytes, tail);
  return start + head;
}

}  // namespace

base::Result<Mapping> Mapping::open(std::size_t bytes) {
  // Rounding up must not wrap around; no machine has so much anyway.
  if (bytes > SIZE_MAX - 2 * kHugePageBytes)
    return base::failure(base::os_error(ENOMEM, "mapping " + std::to_string(bytes) + " bytes"));
  const bool huge = bytes >= kHugePageBytes;
  const std::size_t rounded = round_up(bytes, huge ? kHugePageBytes : std::size_t{4096});
  void* address = huge ? map_huge_aligned(rounded) : map(rounded);
  if (address == MAP_FAILED) return base::failure(base::os_error(errno, "mapping " + std::to_string(rounded) + " bytes"));
  // Advice only: without transparent huge pages the mapping works with small ones.
  if (huge) ::madvise(address, rounded, MADV_HUGEPAGE);
  return Mapping(address, rounded);
}

Mapping::Mapping(Mapping&& other) noexcept
    : address_(std::exchange(other.address_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(address_, other.address_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Mapping::~Mapping() {
  if (address_ != nullptr) ::munmap(address_, bytes_);
}

}  // namespace corering::mem
