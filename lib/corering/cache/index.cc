#include "corering/cache/index.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "corering/base/assert.h"

namespace corering::cache {

namespace {

// Beyond this part of its slots the index grows. Fuller means more second lines to read; emptier means more memory.
constexpr std::uint64_t kLoadNumerator = 5;
constexpr std::uint64_t kLoadDenominator = 6;

}  // namespace

base::Result<Index> Index::open() {
  auto first = mem::Mapping::open(kChunkBytes);
  if (!first) return base::failure(std::move(first.error()));
  return Index(std::move(*first));
}

Index::Index(mem::Mapping first) {
  lines_.push_back(reinterpret_cast<Line*>(first.bytes().data()));
  chunks_.push_back(std::move(first));
}

bool Index::try_insert(std::uint64_t hash, Tier tier, std::uint64_t location) noexcept {
  if ((count_ + 1) * kLoadDenominator > slot_count() * kLoadNumerator) static_cast<void>(try_grow());
  const IndexEntry entry(IndexGeometry::tag_of(hash), tier, location);
  // A walk so long is all but impossible with hashes that nobody can foresee; growing ends it.
  for (int growths = 0; !try_place(geometry_.home_of(hash), entry, kDisplacedAtInsertMax); ++growths) {
    if (growths == kGrowthsPerInsertMax || !try_grow()) return false;
  }
  ++count_;
  return true;
}

void Index::erase(Slot slot) noexcept {
  set(*slot.word_, IndexEntry());
  if (slot.line_ != slot.home_) set_displaced(*slot.home_, displaced_of(*slot.home_) - 1);
  --count_;
}

void Index::clear() noexcept {
  const std::size_t used = std::min(bytes(), kChunkBytes);
  std::memset(chunks_.front().bytes().data(), 0, used);
  while (chunks_.size() > 1) {
    retired_.push_back(std::move(chunks_.back()));
    chunks_.pop_back();
    lines_.pop_back();
  }
  geometry_ = IndexGeometry();
  count_ = 0;
}

bool Index::give_back() noexcept {
  if (retired_.empty()) return false;
  retired_.pop_back();
  return true;
}

std::size_t Index::displaced_of(const Line& line) noexcept {
  std::size_t count = 0;
  for (std::size_t slot = 0; slot < kSlotsOfLine; ++slot) count |= static_cast<std::size_t>((line.slots[slot] >> 36 & 1) << slot);
  return count;
}

void Index::set_displaced(Line& line, std::size_t count) noexcept {
  for (std::size_t slot = 0; slot < kSlotsOfLine; ++slot) {
    const std::uint64_t share = static_cast<std::uint64_t>(count >> slot & 1) * IndexEntry::kShare;
    line.slots[slot] = (line.slots[slot] & ~IndexEntry::kShare) | share;
  }
}

bool Index::try_place(IndexGeometry::Place home, IndexEntry entry, std::size_t displaced_max) noexcept {
  const std::uint32_t half = home.line % IndexGeometry::kLinesOfPair;
  Line& home_line = line_at(home);
  auto place = home;
  const std::uint32_t walk_lines_max = geometry_.walk_lines_max();
  for (std::uint32_t walked = 0; walked < walk_lines_max; ++walked, place = geometry_.after(place, half)) {
    Line& line = line_at(place);
    for (std::uint64_t& word : line.slots) {
      if (is_occupied(word)) continue;
      if (walked > 0) {
        const std::size_t displaced = displaced_of(home_line);
        if (displaced >= displaced_max) return false;
        set_displaced(home_line, displaced + 1);
      }
      set(word, entry);
      return true;
    }
  }
  return false;
}

// One more pair for one group, whose entries are placed anew. Entries of other groups that lie in it stay: the homes that they
// belong to count them, and a walk from there passes by them still.
bool Index::try_grow() noexcept {
  if (!geometry_.can_grow()) return false;
  if (geometry_.pair_count() * IndexGeometry::kLinesOfPair == lines_.size() * kLinesOfChunk) {
    auto chunk = mem::Mapping::open(kChunkBytes);
    if (!chunk) return false;
    lines_.push_back(reinterpret_cast<Line*>(chunk->bytes().data()));
    chunks_.push_back(std::move(*chunk));
  }
  const std::uint64_t group = geometry_.growing_group();
  std::array<IndexEntry, kGroupEntriesMax> entries;
  const std::size_t count = collect(group, entries, Collect::remove);
  const std::uint64_t first_hash = geometry_.first_hash_of(group);
  geometry_.grow();
  for (std::size_t index = 0; index < count; ++index) {
    // The tag's first bits may be more than those of the group: take the group from a hash put together of both.
    const std::uint64_t tag_bits = std::uint64_t{entries[index].tag()} << (IndexEntry::kTagShift - IndexGeometry::kBaseBits);
    const std::uint64_t base_bits = first_hash >> (64 - IndexGeometry::kBaseBits) << (64 - IndexGeometry::kBaseBits);
    const bool placed = try_place(geometry_.home_of(base_bits | tag_bits), entries[index], kDisplacedMax);
    CORERING_ASSERT(placed, "an index has less room after it has grown");
  }
  return true;
}

// The entries whose home is in the group: those in its own lines, and those displaced beyond, until all that the group's lines count
// are found.
std::size_t Index::collect(std::uint64_t group, std::array<IndexEntry, kGroupEntriesMax>& entries, Collect how) noexcept {
  std::size_t count = 0;
  std::size_t displaced = 0;
  const auto take_from = [&](IndexGeometry::Place place) {
    for (std::uint64_t& word : line_at(place).slots) {
      if (!is_occupied(word)) continue;
      const IndexEntry entry(word);
      const auto home = geometry_.home_from(entry.tag(), place.group);
      if (home.group != group) continue;
      CORERING_ASSERT(count < entries.size(), "a group of the index has more entries than any should have");
      entries[count++] = entry;
      if (home != place) --displaced;
      if (how == Collect::remove) set(word, IndexEntry());
    }
  };
  const std::uint32_t lines = geometry_.lines_of(group);
  for (std::uint32_t line = 0; line < lines; ++line) displaced += displaced_of(line_at({group, line}));
  IndexGeometry::Place place{group, 0};
  for (; place.group == group; place = geometry_.after(place, 0)) take_from(place);
  for (; displaced > 0; place = geometry_.after(place, 0)) take_from(place);
  if (how == Collect::remove) {
    for (std::uint32_t line = 0; line < lines; ++line) set_displaced(line_at({group, line}), 0);
  }
  return count;
}

}  // namespace corering::cache
