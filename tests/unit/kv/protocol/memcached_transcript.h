// A MemcachedRequest as a line of text: what its command carries, in a fixed order.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "kv/protocol/memcached_parser.h"
#include "transcript.h"

namespace kv::protocol {

inline constexpr std::array<std::string_view, 25> kMemcachedNames{
    "get",    "gets",      "gat",       "gats",  "set",     "add",  "replace", "append", "prepend", "cas", "incr", "decr", "touch",
    "delete", "flush_all", "verbosity", "stats", "version", "quit", "mg",      "ms",     "md",      "ma",  "mn",   "me"};

inline void add_meta(const MetaFlags& meta, std::string& line) {
  if (meta.wants_value) line += " wants_value";
  if (meta.no_bump) line += " no_bump";
  if (meta.invalidate) line += " invalidate";
  if (meta.key_is_base64) line += " base64";
  const auto add = [&](std::string_view name, auto value) { line.append(" ").append(name).append(std::to_string(value)); };
  if (meta.exptime) add("T", *meta.exptime);
  if (meta.vivify_exptime) add("N", *meta.vivify_exptime);
  if (meta.recache_exptime) add("R", *meta.recache_exptime);
  if (meta.cas_unique) add("C", *meta.cas_unique);
  if (meta.client_flags != 0) add("F", meta.client_flags);
  if (meta.delta != 1) add("D", meta.delta);
  if (meta.initial != 0) add("J", meta.initial);
  if (meta.mode != MetaMode::none && meta.mode != MetaMode::increment) add("mode ", static_cast<int>(meta.mode));
}

inline std::string describe(const MemcachedRequest& request) {
  using enum MemcachedCommand;
  const MemcachedCommand command = request.command;
  std::string line(kMemcachedNames[static_cast<std::size_t>(command)]);
  const auto say = [&](std::string_view name, auto value) {
    line.append(" ").append(name).append(" ").append(std::to_string(value));
  };
  const bool stores = command >= set && command <= cas;
  const bool is_get = command <= gats;
  const bool is_meta = command >= meta_get && command != meta_noop;
  if (stores || (command >= incr && command <= remove) || is_meta) line.append(" key ").append(request.key);
  if (stores) say("flags", request.client_flags);
  if (stores || command == gat || command == gats || command == touch || command == flush_all) say("exptime", request.exptime);
  if (is_get) line += " keys";
  if (is_get || command == stats) {
    for (const std::string_view key : request.keys) line.append(" ").append(key);
  }
  if (is_meta) {
    for (const std::string_view token : request.meta) line.append(" ").append(token);
  }
  if (stores || command == meta_set) line.append(" value [").append(request.value).append("]");
  if (command == cas) say("unique", request.cas_unique);
  if (command == incr || command == decr) say("delta", request.delta);
  if (request.quiet) line += " quiet";
  if (is_meta) add_meta(request.meta, line);
  return line;
}

}  // namespace kv::protocol
