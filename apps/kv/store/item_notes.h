// ItemNotes: what memcached's clients ask of an item and its record does not hold: was it ever read, when last, is it stale, is somebody
// refreshing it.
//
// A table of fixed size, by version: a changed item is another one and has no note. A note that another item's takes the place of is
// lost: then the item counts as never read, just stored, fresh, and refreshed by nobody. Memory comes with the first note.
//
// Thread: the keyspace's. Cost: one cache miss; no allocation but the first.
#pragma once

#include <cstdint>
#include <memory>

namespace kv {

struct ItemNote {
  std::uint64_t version = 0;
  std::int64_t used_ms = 0;  // since 1970
  bool was_read = false;
  bool is_stale = false;
  bool token_sent = false;  // a client was told to refresh it
};

class ItemNotes {
 public:
  static constexpr std::size_t kCount = std::size_t{1} << 14;

  // Null: there is none.
  const ItemNote* find(std::uint64_t version) const noexcept {
    const ItemNote* const note = notes_ == nullptr ? nullptr : &notes_[version % kCount];
    return note != nullptr && note->version == version ? note : nullptr;
  }

  ItemNote& require(std::uint64_t version) {
    if (notes_ == nullptr) notes_ = std::make_unique<ItemNote[]>(kCount);
    ItemNote& note = notes_[version % kCount];
    if (note.version != version) note = {.version = version};
    return note;
  }

  // The item has another version, and is the same to its readers.
  void move(std::uint64_t from, std::uint64_t to) {
    const ItemNote* const note = find(from);
    if (note == nullptr || from == to) return;
    ItemNote copy = *note;
    copy.version = to;
    require(to) = copy;
  }

 private:
  std::unique_ptr<ItemNote[]> notes_;
};

}  // namespace kv
