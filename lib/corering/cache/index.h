// Index: from the hash of a key to where its item lies: 8 bytes per item at a load of 5 in 6, in lines of 64 bytes.
//
// A lookup reads one line, its home, and seldom a second. An entry that finds its home line full lies in the other line of the
// pair, or in the pairs behind it; the home counts such entries, with one bit of each of its eight slots, so that a lookup knows
// when it has seen them all: deletions leave nothing behind that would have to be walked over. Growing by a pair (IndexGeometry)
// places about a hundred entries anew: there is no pause for a resize, ever, and no key is read.
//
// Entries with one tag may belong to different keys: who asks compares keys. At 5 million items 1 in 400 lookups of a missing key meets
// such an entry.
//
// Thread: owning core only. Lifetime: a Slot is valid until the next insert. Errors: insert fails when memory for growth is refused.
// Cost: one cache miss per lookup; no allocation but one mapping of 2 MiB per 16,384 pairs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "corering/base/cache_line.h"
#include "corering/base/result.h"
#include "corering/cache/index_entry.h"
#include "corering/cache/index_geometry.h"
#include "corering/mem/mapping.h"

namespace corering::cache {

class Index {
 public:
  static constexpr std::size_t kSlotsOfLine = 8;

 private:
  struct alignas(base::kCacheLineBytes) Line {
    std::array<std::uint64_t, kSlotsOfLine> slots;
  };

 public:
  // An occupied slot, or nothing.
  class Slot {
   public:
    Slot() = default;
    explicit operator bool() const noexcept { return word_ != nullptr; }
    IndexEntry entry() const noexcept { return IndexEntry(*word_); }

   private:
    friend class Index;
    Slot(std::uint64_t* word, Line* line, Line* home) noexcept : word_(word), line_(line), home_(home) {}

    std::uint64_t* word_ = nullptr;
    Line* line_ = nullptr;
    Line* home_ = nullptr;
  };

  // Errors: out_of_memory.
  static base::Result<Index> open();

  Index(Index&&) = default;
  Index& operator=(Index&&) = default;

  // Starts loading the line that find(hash) will read.
  void prefetch(std::uint64_t hash) const noexcept { __builtin_prefetch(&line_at(geometry_.home_of(hash))); }

  // Calls match(IndexEntry) for the entries that may belong to the hash until it returns true; that entry's slot.
  template <typename Match>
  Slot find(std::uint64_t hash, Match&& match) noexcept {
    const auto home = geometry_.home_of(hash);
    Line& line = line_at(home);
    const std::uint64_t wanted = std::uint64_t{IndexGeometry::tag_of(hash)} << IndexEntry::kTagShift;
    std::uint64_t shares = 0;
    for (std::uint64_t& word : line.slots) {
      shares |= word;
      if (is_wanted(word, wanted) && match(IndexEntry(word))) return {&word, &line, &line};
    }
    if ((shares & IndexEntry::kShare) == 0) [[likely]]
      return {};
    return find_displaced(home, line, wanted, match);
  }

  // The first slot of the home line whose entry may belong to the hash, without asking anybody. It stays good until the index grows, or is
  // cleared, if its entry is still the same then.
  Slot candidate(std::uint64_t hash) noexcept {
    Line& line = line_at(geometry_.home_of(hash));
    const std::uint64_t wanted = std::uint64_t{IndexGeometry::tag_of(hash)} << IndexEntry::kTagShift;
    for (std::uint64_t& word : line.slots) {
      if (is_wanted(word, wanted)) return {&word, &line, &line};
    }
    return {};
  }

  // The slot of exactly this entry, whose hash is `hash`.
  Slot find_entry(std::uint64_t hash, Tier tier, std::uint64_t location) noexcept {
    return find(hash, [&](IndexEntry entry) { return entry.tier() == tier && entry.location() == location; });
  }

  // The same for the log, whatever the file has.
  Slot find_in_log(std::uint64_t hash, std::uint64_t location) noexcept {
    return find(hash, [&](IndexEntry entry) { return entry.is_in_log() && entry.location() == location; });
  }

  // False if the index cannot grow and has no room.
  bool try_insert(std::uint64_t hash, Tier tier, std::uint64_t location) noexcept;

  void erase(Slot slot) noexcept;

  // Requires: the new entry has the same hash.
  void replace(Slot slot, Tier tier, std::uint64_t location) noexcept {
    set(*slot.word_, IndexEntry(IndexEntry(*slot.word_).tag(), tier, location));
  }
  void mark(Slot slot) noexcept { *slot.word_ |= IndexEntry::kMark; }

  // Calls visit(IndexEntry) for all entries of one group, and returns the cursor of the next, 0 after the last. From cursor 0 on,
  // every entry that stays throughout is visited at least once, however much the index grows meanwhile. `visit` may change the index.
  template <typename Visit>
  std::uint64_t visit_group(std::uint64_t cursor, Visit&& visit) {
    const std::uint64_t group = geometry_.group_of(cursor);
    const std::uint64_t next = group + 1 < geometry_.group_count() ? geometry_.first_hash_of(group + 1) : 0;
    std::array<IndexEntry, kGroupEntriesMax> entries;
    const std::size_t count = collect(group, entries, Collect::copy);
    for (std::size_t index = 0; index < count; ++index) visit(entries[index]);
    return next;
  }

  // A hash that finds an entry of the group that `cursor` was in: as much of the key's as the index knows.
  static std::uint64_t hash_like(std::uint64_t cursor, IndexEntry entry) noexcept {
    constexpr unsigned kBelowBase = 64 - IndexGeometry::kBaseBits;
    return cursor >> kBelowBase << kBelowBase | std::uint64_t{entry.tag()} << (kBelowBase - IndexEntry::kTagBits);
  }

  // Empties the index. What it had grown by waits for give_back(). Cost: zeroes at most 2 MiB.
  void clear() noexcept;
  // Gives one mapping back to the machine; false if none waits.
  bool give_back() noexcept;

  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t slot_count() const noexcept { return geometry_.pair_count() * kSlotsOfPair; }
  std::size_t bytes() const noexcept { return geometry_.pair_count() * kSlotsOfPair * sizeof(std::uint64_t); }

 private:
  static constexpr std::size_t kSlotsOfPair = IndexGeometry::kLinesOfPair * kSlotsOfLine;
  static constexpr std::size_t kChunkBytes = mem::kHugePageBytes;
  static constexpr std::size_t kLinesOfChunk = kChunkBytes / sizeof(Line);
  static constexpr std::size_t kDisplacedMax = 255;  // of one line
  static constexpr std::size_t kGroupEntriesMax = 512;
  // An insert that meets more grows the index instead; what is in it may come to exceed this while it grows.
  static constexpr std::size_t kDisplacedAtInsertMax = 32;
  static constexpr int kGrowthsPerInsertMax = 2048;

  enum class Collect { copy, remove };

  explicit Index(mem::Mapping first);

  static bool is_occupied(std::uint64_t word) noexcept { return (word >> 38 & 3) != 0; }
  static bool is_wanted(std::uint64_t word, std::uint64_t wanted) noexcept {
    return (word ^ wanted) >> IndexEntry::kTagShift == 0 && is_occupied(word);
  }
  static void set(std::uint64_t& word, IndexEntry entry) noexcept { word = (word & IndexEntry::kShare) | entry.bits(); }
  static std::size_t displaced_of(const Line& line) noexcept;
  static void set_displaced(Line& line, std::size_t count) noexcept;

  Line& line_at(IndexGeometry::Place place) const noexcept {
    const std::uint64_t number = geometry_.address_of(place);
    return lines_[number / kLinesOfChunk][number % kLinesOfChunk];
  }

  template <typename Match>
  Slot find_displaced(IndexGeometry::Place home, Line& home_line, std::uint64_t wanted, Match&& match) noexcept {
    const std::uint32_t half = home.line % IndexGeometry::kLinesOfPair;
    std::size_t left = displaced_of(home_line);
    for (auto place = geometry_.after(home, half); left > 0; place = geometry_.after(place, half)) {
      Line& line = line_at(place);
      for (std::uint64_t& word : line.slots) {
        if (!is_occupied(word) || geometry_.home_from(IndexEntry(word).tag(), place.group) != home) continue;
        if (is_wanted(word, wanted) && match(IndexEntry(word))) return {&word, &line, &home_line};
        --left;
      }
    }
    return {};
  }

  bool try_place(IndexGeometry::Place home, IndexEntry entry, std::size_t displaced_max) noexcept;
  bool try_grow() noexcept;
  std::size_t collect(std::uint64_t group, std::array<IndexEntry, kGroupEntriesMax>& entries, Collect how) noexcept;

  IndexGeometry geometry_;
  std::uint64_t count_ = 0;
  std::vector<mem::Mapping> chunks_;
  std::vector<Line*> lines_;  // of each chunk
  std::vector<mem::Mapping> retired_;
};

}  // namespace corering::cache
