// Entry: a key as a handler sees it: its value, and what is known of it.
//
// Lifetime: holds the memory as it is; but whoever changes the key while an Entry lives changes a copy, which costs one. So: look, drop
// the Entry, write. Never outlives its keyspace.
// Thread: whoever owns the keyspace. Cost: one increment, one decrement.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "corering/cache/item_ref.h"

namespace kv {

class Entry {
 public:
  Entry() = default;
  explicit Entry(corering::cache::ItemRef item) noexcept : item_(std::move(item)) {}

  explicit operator bool() const noexcept { return static_cast<bool>(item()); }

  // Require: there is one.
  std::string_view value() const noexcept { return corering::base::text_of(item().value()); }
  std::uint64_t version() const noexcept { return item().version(); }  // never 0; greater with every change of anything
  std::uint32_t client_flags() const noexcept { return item().client_flags(); }
  std::int64_t expiry_ms() const noexcept { return item().expiry_ms(); }  // since 1970; 0: never
  bool expires() const noexcept { return expiry_ms() != corering::cache::kNeverExpires; }

 private:
  friend class Keyspace;

  // An item that somebody else holds (see Arrival).
  explicit Entry(const corering::cache::ItemRef* visitor) noexcept : visitor_(visitor) {}

  const corering::cache::ItemRef& item() const noexcept { return visitor_ != nullptr ? *visitor_ : item_; }

  corering::cache::ItemRef item_;
  const corering::cache::ItemRef* visitor_ = nullptr;
};

}  // namespace kv
