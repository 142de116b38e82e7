#include "corering/mem/mapping.h"

#include <linux/mman.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstdint>
#include <fstream>
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

// The advice is accepted, and forgotten, where the operator has switched them off.
bool has_transparent_huge_pages() {
  std::string setting;
  std::getline(std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled"), setting);
  return !setting.empty() && setting.find("[never]") == std::string::npos;
}

}  // namespace

std::string_view name_of(Pages pages) noexcept {
  switch (pages) {
    case Pages::plain: return "plain";
    case Pages::transparent_huge: return "transparent huge";
    case Pages::explicit_huge: return "explicit huge";
  }
  return "";
}

base::Result<Mapping> Mapping::open_huge(std::size_t bytes) {
  if (bytes <= SIZE_MAX - kHugePageBytes) {
    const std::size_t rounded = round_up(bytes, kHugePageBytes);
    void* address =
        ::mmap(nullptr, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB, -1, 0);
    if (address != MAP_FAILED) {
      // A container's limit shows only when pages are touched, and then as SIGBUS: here it is an error.
      if (::madvise(address, rounded, MADV_POPULATE_WRITE) == 0) return Mapping(address, rounded, Pages::explicit_huge);
      ::munmap(address, rounded);
    }
  }
  return open(bytes);
}

base::Result<Mapping> Mapping::open(std::size_t bytes) {
  // Rounding up must not wrap around; no machine has so much anyway.
  if (bytes > SIZE_MAX - 2 * kHugePageBytes)
    return base::failure(base::os_error(ENOMEM, "mapping " + std::to_string(bytes) + " bytes"));
  const bool huge = bytes >= kHugePageBytes;
  const std::size_t rounded = round_up(bytes, huge ? kHugePageBytes : std::size_t{4096});
  void* address = huge ? map_huge_aligned(rounded) : map(rounded);
  if (address == MAP_FAILED) return base::failure(base::os_error(errno, "mapping " + std::to_string(rounded) + " bytes"));
  // Advice only: without transparent huge pages the mapping works with small ones.
  const bool advised = huge && ::madvise(address, rounded, MADV_HUGEPAGE) == 0;
  return Mapping(address, rounded, advised && has_transparent_huge_pages() ? Pages::transparent_huge : Pages::plain);
}

Mapping::Mapping(Mapping&& other) noexcept
    : address_(std::exchange(other.address_, nullptr)), bytes_(std::exchange(other.bytes_, 0)), pages_(other.pages_) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(address_, other.address_);
  std::swap(bytes_, other.bytes_);
  std::swap(pages_, other.pages_);
  return *this;
}

void Mapping::discard(std::size_t offset, std::size_t bytes) const noexcept {
  // Advice: on pages that refuse it the memory stays ours, and stays as it is.
  ::madvise(static_cast<std::byte*>(address_) + offset, bytes, MADV_DONTNEED);
}

Mapping::~Mapping() {
  if (address_ != nullptr) ::munmap(address_, bytes_);
}

}  // namespace corering::mem
