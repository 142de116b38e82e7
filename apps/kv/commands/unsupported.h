// What Redis has and this server has not: commands of the collection types, of scripts, of modules' kin and of replication.
//
// They are absent from COMMAND, so that clients that look find out; who calls one all the same is told why.
//
// Thread: any; constant.
#pragma once

#include <string_view>

namespace kv {

// "hashes", "scripts": what the command of that name, in any case, would need. Empty: Redis 7.0 knows no such command either.
std::string_view missing_feature(std::string_view name) noexcept;

}  // namespace kv
