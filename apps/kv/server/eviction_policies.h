// The names of Redis's eviction policies, and what they mean here.
//
// noeviction refuses what needs memory when there is none left; every other one lets the cache forget, and it forgets by its own rule
// (S3-FIFO), whatever the name says of recency, frequency or expiry.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace kv {

inline constexpr std::array<std::string_view, 8> kEvictionPolicies = {"volatile-lru",   "volatile-lfu", "volatile-random",
                                                                      "volatile-ttl",   "allkeys-lru",  "allkeys-lfu",
                                                                      "allkeys-random", "noeviction"};

inline bool is_eviction_policy(std::string_view name) noexcept {
  return std::ranges::find(kEvictionPolicies, name) != kEvictionPolicies.end();
}

inline std::string eviction_policy_list() {
  std::string list;
  for (const std::string_view name : kEvictionPolicies) list.append(list.empty() ? "" : ", ").append(name);
  return list;
}

}  // namespace kv
