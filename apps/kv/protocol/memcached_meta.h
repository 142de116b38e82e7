// Lines of memcached's meta commands: mg ms md ma me.
#pragma once

#include "kv/protocol/memcached_line.h"
#include "kv/protocol/memcached_words.h"

namespace kv::protocol {

LineResult parse_meta_get(const Words& words, MemcachedRequest& request);
LineResult parse_meta_set(const Words& words, MemcachedRequest& request);
LineResult parse_meta_delete(const Words& words, MemcachedRequest& request);
LineResult parse_meta_arithmetic(const Words& words, MemcachedRequest& request);
LineResult parse_meta_debug(const Words& words, MemcachedRequest& request);

}  // namespace kv::protocol
