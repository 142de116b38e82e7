#include "corering/mem/mapping.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>

namespace {

using corering::base::ErrorCode;
using corering::mem::kHugePageBytes;
using corering::mem::Mapping;

std::uintptr_t address_of(const Mapping& mapping) { return reinterpret_cast<std::uintptr_t>(mapping.bytes().data()); }

// The kernel's flags of the area that holds `address`, e.g. " rd wr mr mw me ac hg".
std::string kernel_flags_of(std::uintptr_t address) {
  std::ifstream smaps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(smaps, line);) {
    unsigned long first = 0;
    unsigned long end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &first, &end) == 2) inside = first <= address && address < end;
    if (inside && line.starts_with("VmFlags:")) return line.substr(8);
  }
  return {};
}

std::size_t address_space_bytes() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST(Mapping, IsZeroedWritableAndAsLargeAsAskedFor) {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{4096}, std::size_t{10'000}, kHugePageBytes + 1}) {
    const auto mapping = Mapping::open(bytes);
    ASSERT_TRUE(mapping.has_value()) << bytes;
    ASSERT_GE(mapping->bytes().size(), bytes);
    EXPECT_TRUE(std::ranges::all_of(mapping->bytes(), [](std::byte byte) { return byte == std::byte{0}; })) << bytes;
    std::ranges::fill(mapping->bytes(), std::byte{0x5a});
    EXPECT_EQ(mapping->bytes().back(), std::byte{0x5a});
  }
}

TEST(Mapping, StartsOnAPageAndLargeOnesOnAHugePage) {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{4097}, kHugePageBytes - 4096}) {
    EXPECT_EQ(address_of(*Mapping::open(bytes)) % 4096, 0u) << bytes;
  }
  for (const std::size_t bytes : {kHugePageBytes, kHugePageBytes + 1, 5 * kHugePageBytes - 4096}) {
    const auto mapping = Mapping::open(bytes);
    EXPECT_EQ(address_of(*mapping) % kHugePageBytes, 0u) << bytes;
    EXPECT_EQ(mapping->bytes().size() % kHugePageBytes, 0u) << bytes;
  }
}

TEST(Mapping, AdvisesHugePagesFromTheirSizeUp) {
  const auto small = Mapping::open(kHugePageBytes / 2);
  const auto large = Mapping::open(2 * kHugePageBytes);
  // Not the first byte: if the kernel ignored the advice at the end of an area, it would show there.
  const std::string flags = kernel_flags_of(address_of(*large) + large->bytes().size() - 1);
  if (::access("/sys/kernel/mm/transparent_hugepage/enabled", R_OK) != 0) GTEST_SKIP() << "a kernel without huge pages";
  EXPECT_NE(flags.find(" hg"), std::string::npos) << flags;
  EXPECT_EQ(kernel_flags_of(address_of(*small)).find(" hg"), std::string::npos);
}

// Aligning maps more than needed: the rest has to go back at once, and everything when the mapping dies.
TEST(Mapping, CostsTheAddressSpaceThatItShowsAndReturnsAllOfIt) {
  for (const std::size_t bytes : {std::size_t{8192}, kHugePageBytes, 3 * kHugePageBytes + 1}) {
    address_space_bytes();  // the reader's own first-time buffers
    const std::size_t before = address_space_bytes();
    {
      const auto mapping = Mapping::open(bytes);
      EXPECT_EQ(address_space_bytes() - before, mapping->bytes().size());
    }
    EXPECT_EQ(address_space_bytes(), before);
  }
}

TEST(Mapping, MovesWithoutMovingTheMemory) {
  auto first = Mapping::open(8192);
  const std::uintptr_t address = address_of(*first);
  first->bytes()[100] = std::byte{42};

  Mapping second = std::move(*first);
  EXPECT_TRUE(first->bytes().empty());
  EXPECT_EQ(address_of(second), address);

  Mapping third;
  third = std::move(second);
  EXPECT_EQ(address_of(third), address);
  EXPECT_EQ(third.bytes()[100], std::byte{42});
}

// Discarded memory comes back as zeros, and only what was discarded.
TEST(Mapping, GivesAPartBackToTheMachine) {
  const auto mapping = Mapping::open(3 * 4096);
  ASSERT_TRUE(mapping);
  std::ranges::fill(mapping->bytes(), std::byte{42});
  mapping->discard(4096, 4096);
  EXPECT_EQ(mapping->bytes()[4095], std::byte{42});
  EXPECT_EQ(mapping->bytes()[4096], std::byte{0});
  EXPECT_EQ(mapping->bytes()[8191], std::byte{0});
  EXPECT_EQ(mapping->bytes()[8192], std::byte{42});
}

TEST(Mapping, RefusesMoreThanThereIs) {
  for (const std::size_t bytes : {std::size_t{1} << 60, SIZE_MAX - kHugePageBytes, SIZE_MAX - 4096, SIZE_MAX}) {
    const auto mapping = Mapping::open(bytes);
    ASSERT_FALSE(mapping.has_value()) << bytes << " bytes asked for, " << mapping->bytes().size() << " granted";
    EXPECT_EQ(mapping.error().code, ErrorCode::out_of_memory);
  }
}

}  // namespace
