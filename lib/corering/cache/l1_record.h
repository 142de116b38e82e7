// What a record in the L1 store means beyond its format: the proxies of large values.
//
// A proxy is a record of a kind that exists in L1 only; its value is the number of the large value in LargeValues, and its length.
#pragma once

#include <cstdint>
#include <cstring>

#include "corering/cache/record.h"

namespace corering::cache {

inline constexpr auto kProxyKind = static_cast<RecordKind>(3);

struct Proxy {
  std::uint32_t number = 0;
  std::uint32_t value_bytes = 0;
};

inline bool is_proxy(const RecordView& record) noexcept { return record.kind() == kProxyKind; }

// Requires: is_proxy(record).
inline Proxy proxy_of(const RecordView& record) noexcept {
  Proxy proxy;
  std::memcpy(&proxy, record.value().data(), sizeof proxy);
  return proxy;
}

}  // namespace corering::cache
