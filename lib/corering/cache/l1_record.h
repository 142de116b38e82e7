// What a record in the L1 store means beyond its format: the stubs of large values.
//
// A stub is a record of a kind that exists in L1 only; its value is the number of the large value in LargeValues, and its length.
#pragma once

#include <cstdint>
#include <cstring>

#include "corering/cache/record.h"

namespace corering::cache {

inline constexpr auto kStubKind = static_cast<RecordKind>(3);

struct Stub {
  std::uint32_t number = 0;
  std::uint32_t value_bytes = 0;
};

inline bool is_stub(const RecordView& record) noexcept { return record.kind() == kStubKind; }

// Requires: is_stub(record).
inline Stub stub_of(const RecordView& record) noexcept {
  Stub stub;
  std::memcpy(&stub, record.value().data(), sizeof stub);
  return stub;
}

}  // namespace corering::cache
