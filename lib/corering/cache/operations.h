// What operations of a Cache take and give: conditions, options, outcomes.
#pragma once

#include <cstdint>
#include <optional>

#include "corering/cache/item_ref.h"
#include "corering/cache/record.h"

namespace corering::cache {

enum class GetStatus : std::uint8_t { miss, hit, cold };

struct GetResult {
  GetStatus status = GetStatus::miss;
  ItemRef item;  // of a hit
};

enum class Condition : std::uint8_t { always, if_absent, if_present, if_version };

struct PutOptions {
  Condition condition = Condition::always;
  std::uint64_t version = 0;               // for if_version
  std::int64_t expiry_ms = kNeverExpires;  // since 1970; one that has come already is stored, and a miss
  std::uint32_t client_flags = 0;
};

struct ModifyOptions {
  std::optional<std::uint64_t> if_version;
  std::optional<std::int64_t> expiry_ms;  // without one it stays as it is; the same below
  std::optional<std::uint32_t> client_flags;
};

enum class WriteStatus : std::uint8_t {
  stored,
  present,    // if_absent: it is there
  absent,     // if_present, if_version, modify, touch: it is not
  differs,    // if_version: it has another version
  cold,       // the item may lie in the file: fetch it and repeat
  too_large,  // key or value
  no_memory,  // everything is pinned, or the machine refuses memory: what was there stays as it was
};

struct WriteResult {
  WriteStatus status = WriteStatus::stored;
  std::uint64_t version = 0;  // of the item as it is now, if stored
};

enum class RemoveStatus : std::uint8_t { removed, absent, cold };

// A cold item as a scan meets it: only the file knows its key.
struct ColdItem {
  std::uint64_t location = 0;
};

}  // namespace corering::cache
