#include "corering/mem/mapping.h"

#include <gtest/gtest.h>
#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

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

std::size_t resident_pages(std::span<const std::byte> bytes) {
  std::vector<unsigned char> residence(bytes.size() / 4096);
  EXPECT_EQ(::mincore(const_cast<std::byte*>(bytes.data()), bytes.size(), residence.data()), 0);
  return static_cast<std::size_t>(std::ranges::count_if(residence, [](unsigned char page) { return (page & 1) != 0; }));
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

std::size_t free_explicit_huge_pages() {
  std::ifstream meminfo("/proc/meminfo");
  for (std::string line; std::getline(meminfo, line);) {
    std::size_t pages = 0;
    if (std::sscanf(line.c_str(), "HugePages_Free: %zu", &pages) == 1) return pages;
  }
  return 0;
}

// Other processes may take them between question and answer, so only their absence is certain.
TEST(Mapping, TakesExplicitHugePagesWhereTheMachineHasThem) {
  const std::size_t pages = free_explicit_huge_pages();
  const auto mapping = Mapping::open_huge(kHugePageBytes);
  ASSERT_TRUE(mapping.has_value());
  EXPECT_GE(mapping->bytes().size(), kHugePageBytes);
  std::ranges::fill(mapping->bytes(), std::byte{1});
  const bool is_explicit = mapping->pages() == corering::mem::Pages::explicit_huge;
  if (pages == 0) {
    EXPECT_FALSE(is_explicit);
  }
  // What it says is what the kernel says.
  EXPECT_EQ(kernel_flags_of(address_of(*mapping)).find(" ht") != std::string::npos, is_explicit);
}

// Further bytes cost addresses until somebody touches them; whatever pages the front got, all of it works.
TEST(Mapping, FurtherBytesAreBehindTheFrontAndUntouched) {
  constexpr std::size_t kFurther = std::size_t{1} << 30;
  const auto mapping = Mapping::open_huge({.bytes = kHugePageBytes + 1, .further_bytes = kFurther});
  ASSERT_TRUE(mapping) << mapping.error().text;
  const auto bytes = mapping->bytes();
  ASSERT_EQ(bytes.size(), 2 * kHugePageBytes + kFurther);
  EXPECT_EQ(address_of(*mapping) % kHugePageBytes, 0u);
  EXPECT_NE(mapping->further_pages(), corering::mem::Pages::explicit_huge);
  EXPECT_EQ(resident_pages(bytes.last(kFurther)), 0u);
  bytes[2 * kHugePageBytes] = std::byte{1};
  bytes.back() = std::byte{2};
  std::ranges::fill(bytes.first(2 * kHugePageBytes), std::byte{3});
  EXPECT_LE(resident_pages(bytes.last(kFurther)), 2 * kHugePageBytes / 4096);
  const std::string flags = kernel_flags_of(address_of(*mapping));
  EXPECT_EQ(flags.find(" ht") != std::string::npos, mapping->pages() == corering::mem::Pages::explicit_huge) << flags;
}

// What the kernel says of the page policy there; nothing where a container forbids to ask.
struct PagePolicy {
  int mode = -1;
  unsigned long nodes = 0;
};
std::optional<PagePolicy> page_policy_of(const std::byte* address) {
  PagePolicy policy;
  std::array<unsigned long, 16> nodes{};
  if (::syscall(SYS_get_mempolicy, &policy.mode, nodes.data(), 8 * sizeof nodes, address, MPOL_F_ADDR) != 0) return {};
  policy.nodes = nodes[0];
  return policy;
}

// Also on a machine that has one node only. Every part of it: the front is a mapping of its own where it has explicit huge pages.
TEST(Mapping, PrefersTheNodeThatItIsToldTo) {
  const auto mapping = Mapping::open_huge({.bytes = kHugePageBytes, .further_bytes = 2 * kHugePageBytes, .node = 0});
  const auto front_only = Mapping::open_huge({.bytes = 2 * kHugePageBytes, .node = 0});
  const auto unasked = Mapping::open_huge({.bytes = kHugePageBytes, .further_bytes = 2 * kHugePageBytes});
  ASSERT_TRUE(mapping && front_only && unasked);
  if (!page_policy_of(mapping->bytes().data())) GTEST_SKIP() << "get_mempolicy is not allowed here";
  for (const std::byte* address : {mapping->bytes().data(), &mapping->bytes().back(), front_only->bytes().data()}) {
    const auto policy = page_policy_of(address);
    if (policy->mode == MPOL_DEFAULT && ::syscall(SYS_mbind, nullptr, 0, MPOL_DEFAULT, nullptr, 0, 0) != 0)
      GTEST_SKIP() << "mbind is not allowed here";
    EXPECT_EQ(policy->mode, MPOL_PREFERRED);
    EXPECT_EQ(policy->nodes, 1ul);
  }
  EXPECT_EQ(page_policy_of(unasked->bytes().data())->mode, MPOL_DEFAULT);
}

// A node that does not exist is advice that nobody can follow.
TEST(Mapping, WorksWithoutTheNodeThatItIsToldTo) {
  for (const unsigned node : {1000u, 1'000'000u}) {
    const auto mapping = Mapping::open_huge({.bytes = kHugePageBytes, .further_bytes = kHugePageBytes, .node = node});
    ASSERT_TRUE(mapping);
    std::ranges::fill(mapping->bytes(), std::byte{1});
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
  Mapping::discard(mapping->bytes().subspan(4096, 4096));
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
    const auto further = Mapping::open_huge({.bytes = kHugePageBytes, .further_bytes = bytes / kHugePageBytes * kHugePageBytes});
    ASSERT_FALSE(further.has_value()) << bytes;
    EXPECT_EQ(further.error().code, ErrorCode::out_of_memory);
  }
}

}  // namespace
