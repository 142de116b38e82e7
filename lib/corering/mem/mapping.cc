#include "corering/mem/mapping.h"

#include <linux/mempolicy.h>
#include <linux/mman.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <string>
#include <utility>

namespace corering::mem {

namespace {

constexpr int kExplicitHuge = MAP_HUGETLB | MAP_HUGE_2MB;

void* map(std::size_t bytes, int flags = 0, void* where = nullptr) {
  return ::mmap(where, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

std::size_t round_up(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

// Maps more than needed and gives the unaligned ends back: mmap itself promises page alignment only.
void* map_huge_aligned(std::size_t bytes, int flags = 0) {
  void* raw = map(bytes + kHugePageBytes, flags);
  if (raw == MAP_FAILED) return raw;
  auto* start = static_cast<std::byte*>(raw);
  const std::size_t head = round_up(reinterpret_cast<std::uintptr_t>(raw), kHugePageBytes) - reinterpret_cast<std::uintptr_t>(raw);
  if (head != 0) ::munmap(start, head);
  if (const std::size_t tail = kHugePageBytes - head; tail != 0) ::munmap(start + head + bytes, tail);
  return start + head;
}

// Pages that are touched from now on come from that node while it has some. A kernel or a container that forbids it places them near
// whoever touches them first, which is right for a pinned core as well.
void prefer_node(void* address, std::size_t bytes, std::optional<unsigned> node) {
  std::array<unsigned long, 16> nodes{};
  constexpr unsigned kBitsPerWord = 8 * sizeof(nodes[0]);
  if (!node || *node >= nodes.size() * kBitsPerWord) return;
  nodes[*node / kBitsPerWord] = 1UL << *node % kBitsPerWord;
  // The kernel takes one bit less than it is told (mbind(2), BUGS of the library's documentation).
  ::syscall(SYS_mbind, address, bytes, MPOL_PREFERRED, nodes.data(), nodes.size() * kBitsPerWord + 1, 0);
}

// A container's limit on explicit huge pages shows only when they are touched, and then as SIGBUS: here it is an error.
bool try_populate(void* address, std::size_t bytes) { return ::madvise(address, bytes, MADV_POPULATE_WRITE) == 0; }

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

base::Result<Mapping> Mapping::open_huge(const HugeOptions& options) {
  if (options.further_bytes != 0) return open_huge_with_further(options);
  if (options.bytes <= SIZE_MAX - kHugePageBytes) {
    const std::size_t rounded = round_up(options.bytes, kHugePageBytes);
    if (void* address = map(rounded, kExplicitHuge); address != MAP_FAILED) {
      prefer_node(address, rounded, options.node);
      if (try_populate(address, rounded)) return Mapping(address, rounded, Pages::explicit_huge);
      ::munmap(address, rounded);
    }
  }
  auto mapping = open(options.bytes);
  if (mapping) prefer_node(mapping->address_, mapping->bytes_, options.node);
  return mapping;
}

// One range of addresses; explicit huge pages, if there are any, take the place of its front.
base::Result<Mapping> Mapping::open_huge_with_further(const HugeOptions& options) {
  const auto refused = [&](int error) {
    return base::failure(base::os_error(
        error, "mapping " + std::to_string(options.bytes) + " and further " + std::to_string(options.further_bytes) + " bytes"));
  };
  if (options.bytes > SIZE_MAX / 4 || options.further_bytes > SIZE_MAX / 4) return refused(ENOMEM);
  const std::size_t front = round_up(options.bytes, kHugePageBytes);
  const std::size_t bytes = front + options.further_bytes;
  void* const address = map_huge_aligned(bytes, MAP_NORESERVE);
  if (address == MAP_FAILED) return refused(errno);
  const bool advised = ::madvise(address, bytes, MADV_HUGEPAGE) == 0;
  const Pages pages = advised && has_transparent_huge_pages() ? Pages::transparent_huge : Pages::plain;
  Mapping mapping(address, bytes, pages, pages);
  if (map(front, MAP_FIXED | kExplicitHuge, address) != MAP_FAILED) {
    mapping.pages_ = Pages::explicit_huge;
    prefer_node(address, bytes, options.node);
    if (try_populate(address, front)) return mapping;
  }
  // What a refused attempt has left of the front is not known.
  mapping.pages_ = pages;
  if (map(front, MAP_FIXED, address) == MAP_FAILED) return refused(errno);
  if (advised) ::madvise(address, front, MADV_HUGEPAGE);
  prefer_node(address, bytes, options.node);
  return mapping;
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
    : address_(std::exchange(other.address_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)),
      pages_(other.pages_),
      further_pages_(other.further_pages_) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(address_, other.address_);
  std::swap(bytes_, other.bytes_);
  std::swap(pages_, other.pages_);
  std::swap(further_pages_, other.further_pages_);
  return *this;
}

void Mapping::discard(base::MutableBytes part) noexcept {
  // Advice: on pages that refuse it the memory stays ours, and stays as it is.
  ::madvise(part.data(), part.size(), MADV_DONTNEED);
}

Mapping::~Mapping() {
  if (address_ != nullptr) ::munmap(address_, bytes_);
}

}  // namespace corering::mem
