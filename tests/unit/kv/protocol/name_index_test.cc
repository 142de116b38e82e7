#include "kv/protocol/name_index.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace kv::protocol {
namespace {

constexpr auto kNames = std::to_array<std::string_view>(
    {"append",     "bitcount", "bitfield", "bitfield_ro",  "bitop",     "bitpos",    "cluster",     "command",  "config",
     "copy",       "dbsize",   "decr",     "decrby",       "del",       "discard",   "dump",        "echo",     "exec",
     "exists",     "expire",   "expireat", "expiretime",   "get",       "getdel",    "getex",       "getrange", "getset",
     "hello",      "incr",     "incrby",   "incrbyfloat",  "info",      "keys",      "mget",        "move",     "mset",
     "msetnx",     "multi",    "object",   "persist",      "pexpire",   "pexpireat", "pexpiretime", "ping",     "psetex",
     "psubscribe", "pttl",     "publish",  "punsubscribe", "randomkey", "rename",    "renamenx",    "reset",    "restore",
     "scan",       "select",   "set",      "setbit",       "setex",     "setnx",     "setrange",    "strlen",   "subscribe",
     "substr",     "swapdb",   "touch",    "ttl",          "type",      "unlink",    "unsubscribe", "unwatch",  "watch",
     "x"});
constexpr NameIndex<kNames.size()> kIndex(kNames);

TEST(NameIndex, FindsEveryNameInAnyCase) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    EXPECT_EQ(kIndex.find(kNames[i]), i) << kNames[i];
    std::string upper(kNames[i]);
    for (std::size_t at = 0; at < upper.size(); at += 2) upper[at] = static_cast<char>(std::toupper(upper[at]));
    EXPECT_EQ(kIndex.find(upper), i) << upper;
  }
}

TEST(NameIndex, FindsNothingElse) {
  using std::string_view_literals::operator""sv;
  for (const std::string_view name : {""sv, "ge"sv, "gett"sv, "get "sv, "\x07\x45\x54"sv, "bitfield-ro"sv, "bitfield_r"sv,
                                      "unknown"sv, "get\0"sv, "incrbyfloatx"sv}) {
    EXPECT_EQ(kIndex.find(name), kIndex.kNone) << name;
  }
}

}  // namespace
}  // namespace kv::protocol
