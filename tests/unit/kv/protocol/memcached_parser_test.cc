#include "kv/protocol/memcached_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "memcached_transcript.h"

namespace kv::protocol {
namespace {

using Lines = std::vector<std::string>;
using corering::testing::Random;

RequestReader<MemcachedParser> reader_of(const MemcachedLimits& limits) {
  return RequestReader<MemcachedParser>(MemcachedParser(limits), std::size_t{1} << 21);
}

Lines read(std::string_view stream, const MemcachedLimits& limits = {}) {
  Random random(stream.size());
  const auto make = [&] { return reader_of(limits); };
  if (stream.size() < 400) {
    EXPECT_EQ(find_cut_that_matters(make, stream, random), "") << stream;
  }
  return transcript(make(), stream, {});
}

TEST(MemcachedParser, Gets) {
  EXPECT_EQ(read("get a\r\nget a bc  d \r\ngets x\ngat 10 a b\r\ngats -1 a\r\ngat 5\r\n"),
            (Lines{"get keys a", "get keys a bc d", "gets keys x", "gat exptime 10 keys a b", "gats exptime -1 keys a",
                   "gat exptime 5 keys"}));
}

TEST(MemcachedParser, ManyKeys) {
  std::string stream = "get";
  std::string expected = "get keys";
  for (int i = 0; i < 1000; ++i) {
    stream.append(" k").append(std::to_string(i));
    expected.append(" k").append(std::to_string(i));
  }
  EXPECT_EQ(read(stream + "\r\n"), (Lines{expected}));
  EXPECT_EQ(read(stream), (Lines{}));
  EXPECT_EQ(read(std::string("delete ") + stream + "\r\n"), (Lines{"broken "}));
}

TEST(MemcachedParser, Stores) {
  EXPECT_EQ(read("set k 7 100 3\r\nabc\r\nadd k 0 0 0 noreply\r\n\r\nreplace k 1 -1 2\r\n\r\n\r\nappend k 0 0 1\r\nx\r\n"
                 "prepend k 0 0 1 x\r\ny\r\ncas k 0 0 1 99\r\nz\r\nget k\r\n"),
            (Lines{"set key k flags 7 exptime 100 value [abc]", "add key k flags 0 exptime 0 value [] quiet",
                   "replace key k flags 1 exptime -1 value [\r\n]", "append key k flags 0 exptime 0 value [x]",
                   "prepend key k flags 0 exptime 0 value [y]", "cas key k flags 0 exptime 0 value [z] unique 99", "get keys k"}));
}

TEST(MemcachedParser, Others) {
  EXPECT_EQ(read("incr n 5\r\ndecr n 18446744073709551615 noreply\r\ntouch k 9\r\ndelete k\r\ndelete k 0\r\ndelete k noreply\r\n"
                 "delete k 0 noreply\r\nflush_all\r\nflush_all 10\r\nflush_all noreply\r\nflush_all 5 noreply\r\nverbosity 1\r\n"
                 "stats\r\nstats items\r\nversion\r\nquit\r\nmn\r\nme k\r\n"),
            (Lines{"incr key n delta 5", "decr key n delta 18446744073709551615 quiet", "touch key k exptime 9", "delete key k",
                   "delete key k", "delete key k quiet", "delete key k quiet", "flush_all exptime 0", "flush_all exptime 10",
                   "flush_all exptime 0 quiet", "flush_all exptime 5 quiet", "verbosity", "stats", "stats items", "version", "quit",
                   "mn", "me key k"}));
}

TEST(MemcachedParser, Metas) {
  EXPECT_EQ(
      read("mg k\r\nmg k v t f c s k Oabc N30 R5 T10 q u h l\r\nms k 2 F3 T4 C5 MA I q\r\nxy\r\nmd k I C7\r\nma k N0 J5 D2 M-\r\n"),
      (Lines{"mg key k", "mg key k v t f c s k Oabc N30 R5 T10 q u h l quiet wants_value no_bump T10 N30 R5",
             "ms key k F3 T4 C5 MA I q value [xy] quiet invalidate T4 C5 F3 mode 3", "md key k I C7 invalidate C7",
             "ma key k N0 J5 D2 M- N0 D2 J5 mode 7"}));
}

TEST(MemcachedParser, Base64Keys) {
  EXPECT_EQ(read("mg Zm9v b v\r\nms AAEC 1 b\r\nx\r\nme Zm9v b\r\n"),
            (Lines{"mg key foo b v wants_value base64", std::string("ms key \0\1\2 b value [x] base64 mode 1", 36),
                   "me key foo base64"}));
  EXPECT_EQ(read("mg Zm9 b\r\nmd !!! b\r\nget a\r\n"),
            (Lines{"refused CLIENT_ERROR error decoding key", "refused CLIENT_ERROR invalid or duplicate flag", "get keys a"}));
}

TEST(MemcachedParser, KeysHaveALimit) {
  const std::string longest(250, 'k');
  const std::string longer(251, 'k');
  EXPECT_EQ(read(std::string("get ").append(longest).append("\r\n")), (Lines{std::string("get keys ").append(longest)}));
  for (const std::string_view command : {"get @", "get a @", "set @ 0 0 1", "incr @ 1", "delete @", "touch @ 1", "mg @", "ms @ 1",
                                         "md @", "ma @", "me @", "gat 1 @"}) {
    std::string line(command);
    line.replace(line.find('@'), 1, longer);
    EXPECT_EQ(read(line + "\r\n"), (Lines{"refused CLIENT_ERROR bad command line format"})) << command;
  }
}

struct Refusal {
  std::string_view line;
  std::string_view error;
};

TEST(MemcachedParser, RefusesWithTheTextsOfMemcached) {
  const Refusal all[] = {
      {"", "ERROR"},
      {"x", "ERROR"},
      {"get", "ERROR"},
      {"getx a", "ERROR"},
      {"set a 0 0", "ERROR"},
      {"set a 0 0 1 2 3", "ERROR"},
      {"set a x 0 1", "CLIENT_ERROR bad command line format"},
      {"set a 0 0 -1", "CLIENT_ERROR bad command line format"},
      {"set a 0 0 -1 noreply", ""},
      {"set a 0 0 2147483646", "CLIENT_ERROR bad command line format"},
      {"cas a 0 0 1", "ERROR"},
      {"cas a 0 0 1 x", "CLIENT_ERROR bad command line format"},
      {"incr a", "ERROR"},
      {"incr a b", "CLIENT_ERROR invalid numeric delta argument"},
      {"incr a -1", "CLIENT_ERROR invalid numeric delta argument"},
      {"touch a", "ERROR"},
      {"touch a b", "CLIENT_ERROR invalid exptime argument"},
      {"gat x a", "CLIENT_ERROR invalid exptime argument"},
      {"delete", "ERROR"},
      {"delete a 1", "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]"},
      {"delete a 0 x", "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]"},
      {"flush_all x", "CLIENT_ERROR invalid exptime argument"},
      {"verbosity", "ERROR"},
      {"verbosity x", "CLIENT_ERROR bad command line format"},
      {"mg", "ERROR"},
      {"mx a", "ERROR"},
      {"mg a v v", "CLIENT_ERROR duplicate flag"},
      {"mg a !", "CLIENT_ERROR invalid flag"},
      {"mg a Tx", "CLIENT_ERROR bad token in command line format"},
      {"mg a O123456789012345678901234567890123", "CLIENT_ERROR opaque token too long"},
      {"mg a v t f c s k h l q u O N1 R1 T1 P L I F1 D1", "CLIENT_ERROR options flags are too long"},
      {"ms a", "CLIENT_ERROR bad command line format"},
      {"ms a x", "CLIENT_ERROR bad command line format"},
      {"md a v v", "CLIENT_ERROR invalid or duplicate flag"},
      {"ma a MX", "CLIENT_ERROR invalid mode for ma M token"},
      {"ma a M", "CLIENT_ERROR invalid or duplicate flag"},
      {"me", "CLIENT_ERROR bad command line format"},
  };
  for (const Refusal& refusal : all) {
    EXPECT_EQ(read(std::string(refusal.line).append("\r\nversion\r\n")),
              (Lines{std::string("refused ").append(refusal.error), "version"}))
        << refusal.line;
  }
}

TEST(MemcachedParser, ValuesThatArePassedOver) {
  const MemcachedLimits limits{.value_bytes_max = 5};
  EXPECT_EQ(read("set a 0 0 6\r\n123456\r\nget a\r\n", limits),
            (Lines{"refused SERVER_ERROR object too large for cache", "get keys a"}));
  EXPECT_EQ(read("set a 0 0 6 noreply\r\n123456\r\nget a\r\n", limits), (Lines{"refused ", "get keys a"}));
  EXPECT_EQ(read("ms a 6 q\r\n123456\r\nmn\r\n", limits), (Lines{"refused SERVER_ERROR object too large for cache", "mn"}));
  EXPECT_EQ(read("ms a 2 MX\r\nxy\r\nmn\r\n"), (Lines{"refused CLIENT_ERROR invalid mode for ms M token", "mn"}));
  EXPECT_EQ(read("ms a 2 v v\r\nxy\r\nmn\r\n"), (Lines{"refused CLIENT_ERROR duplicate flag", "mn"}));
}

TEST(MemcachedParser, AValueWithoutItsEnd) {
  EXPECT_EQ(read("set a 0 0 1\r\nxyz\r\nget a\r\n"), (Lines{"refused CLIENT_ERROR bad data chunk", "refused ERROR", "get keys a"}));
  EXPECT_EQ(read("set a 0 0 1 noreply\r\nxyzget a\r\n"), (Lines{"refused ", "get keys a"}));
  EXPECT_EQ(read("ms a 1 q\r\nxyzmn\r\n"), (Lines{"refused CLIENT_ERROR bad data chunk", "mn"}));
}

TEST(MemcachedParser, ABrowserIsAnIntruder) { EXPECT_EQ(read("POST / HTTP/1.1\r\nHost: x\r\n"), (Lines{"intruder"})); }

TEST(MemcachedParser, ALineEndsAtANul) {
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(read("get a\0 b\r\nversion\r\n"sv), (Lines{"get keys a", "version"}));
}

TEST(MemcachedParser, AValueCanLandOrBePassedOver) {
  for (const bool wanted : {true, false}) {
    RequestReader<MemcachedParser> reader(MemcachedParser({.landing_bytes_min = 4}), 1000);
    MemcachedRequest request;
    std::string piece = "set key 1 2 8\r\n0123";
    reader.feed(piece);
    ASSERT_EQ(reader.next(request), Outcome::value);
    EXPECT_EQ(reader.parser().value_bytes(), 8u);
    std::string landed;
    if (wanted) {
      landed = reader.land(request);
    } else {
      reader.swallow_value();
      ASSERT_EQ(reader.next(request), Outcome::incomplete);
    }
    EXPECT_EQ(reader.consumed(), piece.size());
    piece.assign(piece.size(), '#');
    std::string rest = "4567\r\nversion\r\n";
    if (wanted) {
      EXPECT_EQ(landed, "0123");
      landed += rest.substr(0, 4);
      rest.erase(0, 4);
      reader.on_landed(landed, request);
    }
    reader.feed(rest);
    if (wanted) {
      ASSERT_EQ(reader.next(request), Outcome::request);
      EXPECT_EQ(request.key, "key");
      EXPECT_EQ(request.value, "01234567");
    }
    ASSERT_EQ(reader.next(request), Outcome::request);
    EXPECT_EQ(request.command, MemcachedCommand::version);
  }
}

}  // namespace
}  // namespace kv::protocol
