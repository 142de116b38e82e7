#include "kv/commands/unsupported.h"

#include <array>

#include "kv/protocol/ascii.h"

namespace kv {

namespace {

struct Feature {
  std::string_view name;
  std::string_view commands;  // a blank behind each
};

constexpr auto kFeatures = std::to_array<Feature>({
    {"lists",
     "blmove blmpop blpop brpop brpoplpush lindex linsert llen lmove lmpop lpop lpos lpush lpushx lrange lrem lset ltrim rpop "
     "rpoplpush rpush rpushx "},
    {"sets",
     "sadd scard sdiff sdiffstore sinter sintercard sinterstore sismember smembers smismember smove spop srandmember srem sscan "
     "sunion sunionstore "},
    {"hashes", "hdel hexists hget hgetall hincrby hincrbyfloat hkeys hlen hmget hmset hrandfield hscan hset hsetnx hstrlen hvals "},
    {"sorted sets",
     "bzmpop bzpopmax bzpopmin zadd zcard zcount zdiff zdiffstore zincrby zinter zintercard zinterstore zlexcount zmpop zmscore "
     "zpopmax zpopmin zrandmember zrange zrangebylex zrangebyscore zrangestore zrank zrem zremrangebylex zremrangebyrank "
     "zremrangebyscore zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan zscore zunion zunionstore "},
    {"streams", "xack xadd xautoclaim xclaim xdel xgroup xinfo xlen xpending xrange xread xreadgroup xrevrange xsetid xtrim "},
    {"geospatial indexes",
     "geoadd geodist geohash geopos georadius georadius_ro georadiusbymember georadiusbymember_ro geosearch geosearchstore "},
    {"HyperLogLog", "pfadd pfcount pfdebug pfmerge pfselftest "},
    {"scripts", "eval eval_ro evalsha evalsha_ro fcall fcall_ro function script "},
    {"sorting", "sort sort_ro "},
    {"modules", "module "},
    {"replication", "failover migrate psync replconf replicaof restore-asking slaveof sync "},
});

}  // namespace

std::string_view missing_feature(std::string_view name) noexcept {
  for (const Feature& feature : kFeatures) {
    for (std::string_view rest = feature.commands; !rest.empty();) {
      const std::size_t end = rest.find(' ');
      if (protocol::equals_ignoring_case(rest.substr(0, end), name)) return feature.name;
      rest.remove_prefix(end + 1);
    }
  }
  return {};
}

}  // namespace kv
