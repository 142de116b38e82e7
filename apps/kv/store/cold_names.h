// ColdNames: the keys of items that lie in the file, for a command that looks for keys: SCAN, KEYS, RANDOMKEY.
//
// The index knows where such an item lies, and not what it is called. So before such a command runs, its places are walked as it will walk
// them, and what is not known yet is read, until everything is; then the keyspace is shown the names, and the command meets them as it
// meets what is in memory.
//
// Thread: the keyspace's. Lifetime: as the command. Units: a location names a place in the file, as cache::ColdItem does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "corering/cache/item_ref.h"

namespace kv {

class ColdNames {
 public:
  // KEYS of more is refused: SCAN asks for a few at a time.
  static constexpr std::size_t kMax = std::size_t{1} << 18;

  struct Name {
    std::string stored;  // the key, its database in front; empty: it could not be read
    std::uint64_t version = 0;
    std::int64_t expiry_ms = 0;
  };

  const Name* find(std::uint64_t location) const {
    const auto found = names_.find(location);
    return found == names_.end() ? nullptr : &found->second;
  }
  void add(std::uint64_t location, const corering::cache::ItemRef& item) {
    names_[location] = {std::string(corering::base::text_of(item.key())), item.version(), item.expiry_ms()};
  }
  void add_unreadable(std::uint64_t location) { names_[location]; }

  std::size_t size() const noexcept { return names_.size(); }
  bool is_full() const noexcept { return names_.size() >= kMax; }
  void clear() {
    names_.clear();
    resume = 0;
    start.reset();
  }

  std::uint64_t resume = 0;            // of KEYS: everything before was known when it was walked
  std::optional<std::uint64_t> start;  // of RANDOMKEY: where it looks first

 private:
  std::unordered_map<std::uint64_t, Name> names_;  // by location
};

}  // namespace kv
