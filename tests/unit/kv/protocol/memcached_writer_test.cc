#include "kv/protocol/memcached_writer.h"

#include <gtest/gtest.h>

#include <string>

#include "kv/protocol/memcached_parser.h"
#include "text_sink.h"

namespace kv::protocol {
namespace {

template <typename Write>
std::string text(Write&& write) {
  return written<MemcachedWriter>(write);
}

// What `write(writer, request)` answers to a line.
template <typename Write>
std::string answer(std::string_view line, Write&& write) {
  MemcachedRequest request;
  MemcachedParser parser;
  EXPECT_EQ(parser.parse(line, request), Outcome::request) << line;
  return text([&](MemcachedWriter& to) { write(to, request); });
}

TEST(MemcachedWriter, Text) {
  EXPECT_EQ(text([](MemcachedWriter& to) { to.line("STORED"), to.number(18446744073709551615u), to.stat("pid", "1"), to.end(); }),
            "STORED\r\n18446744073709551615\r\nSTAT pid 1\r\nEND\r\n");
  EXPECT_EQ(text([](MemcachedWriter& to) {
              to.value_header("k", 7, 3);
              to.line("abc");
              to.value_header("l", 0, 0, 99);
              to.line("");
              to.end();
            }),
            "VALUE k 7 3\r\nabc\r\nVALUE l 0 0 99\r\n\r\nEND\r\n");
}

TEST(MemcachedWriter, MetaFlagsComeBackInTheirOrder) {
  const MetaItem item{.value_bytes = 3, .client_flags = 7, .cas_unique = 99, .ttl_s = 100, .idle_s = 5, .was_hit = true};
  const auto write = [&](MemcachedWriter& to, const MemcachedRequest& request) { to.meta_item(request, item); };
  EXPECT_EQ(answer("mg key\r\n", write), "HD\r\n");
  EXPECT_EQ(answer("mg key v\r\n", write), "VA 3\r\n");
  EXPECT_EQ(answer("mg key s t c f l h k Oxyz v q\r\n", write), "VA 3 s3 t100 c99 f7 l5 h1 kkey Oxyz\r\n");
  EXPECT_EQ(answer("mg key Oxyz k h\r\n", write), "HD Oxyz kkey h1\r\n");
  EXPECT_EQ(answer("mg Zm9v b k\r\n", write), "HD kZm9v b\r\n");
}

TEST(MemcachedWriter, MetaStates) {
  const auto write = [](const MetaItem& item) {
    return answer("mg key t\r\n", [&](MemcachedWriter& to, const MemcachedRequest& request) { to.meta_item(request, item); });
  };
  EXPECT_EQ(write({}), "HD t-1\r\n");
  EXPECT_EQ(write({.won = true}), "HD t-1 W\r\n");
  EXPECT_EQ(write({.token_sent = true, .stale = true}), "HD t-1 Z X\r\n");
  EXPECT_EQ(write({.won = true, .stale = true}), "HD t-1 X W\r\n");
}

TEST(MemcachedWriter, MetaCodes) {
  const auto write = [](MemcachedWriter& to, const MemcachedRequest& request) { to.meta_status("EN", request); };
  EXPECT_EQ(answer("mg key\r\n", write), "EN\r\n");
  EXPECT_EQ(answer("mg key v t k Oq1\r\n", write), "EN kkey Oq1\r\n");
  EXPECT_EQ(answer("ms key 1 c Ox k\r\n1\r\n",
                   [](MemcachedWriter& to, const MemcachedRequest& request) { to.meta_stored("HD", request, 12); }),
            "HD c12 Ox kkey\r\n");
}

TEST(MemcachedWriter, TheLongestKeyFitsInBase64) {
  const std::string key(248, 'Q');
  EXPECT_EQ(answer(std::string("mg ").append(key).append(" b k\r\n"),
                   [](MemcachedWriter& to, const MemcachedRequest& request) { to.meta_status("EN", request); }),
            std::string("EN k").append(key).append(" b\r\n"));
}

}  // namespace
}  // namespace kv::protocol
