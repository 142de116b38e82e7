#include "kv/protocol/resp_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "transcript.h"

namespace kv::protocol {
namespace {

using Lines = std::vector<std::string>;
using corering::testing::Random;

constexpr std::size_t kRequestBytesMax = std::size_t{1} << 20;

RespLimits small_limits() { return {.line_bytes_max = 64, .bulk_bytes_max = 2000, .arguments_max = 20, .landing_bytes_min = 100}; }

RequestReader<RespParser> reader_of(const RespLimits& limits, Trust trust = Trust::trusted) {
  RequestReader<RespParser> reader(RespParser(limits), kRequestBytesMax);
  reader.parser().set_trust(trust);
  return reader;
}

Lines read(std::string_view stream, const RespLimits& limits = {}, Trust trust = Trust::trusted) {
  Random random(stream.size());
  const auto make = [&] { return reader_of(limits, trust); };
  if (stream.size() < 400) {
    EXPECT_EQ(find_cut_that_matters(make, stream, random), "") << stream;
  }
  return transcript(make(), stream, {});
}

TEST(RespParser, ReadsRequestsInOrder) {
  EXPECT_EQ(read("*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$0\r\n\r\n"),
            (Lines{"request [PING]", "request [GET] [key]", "request [SET] [a] []"}));
}

TEST(RespParser, ArgumentsAreBytes) {
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(read("*2\r\n$4\r\nECHO\r\n$8\r\n\r\n\0$1\r\n\xff\r\n"sv),
            (Lines{std::string("request [ECHO] [\r\n\0$1\r\n\xff]", 25)}));
}

TEST(RespParser, LengthsOfOneToFourDigits) {
  for (const std::size_t size : {0u, 1u, 9u, 10u, 11u, 99u, 100u, 101u, 999u, 1000u, 1001u, 1999u}) {
    const std::string value(size, 'v');
    const std::string stream =
        std::string("*2\r\n$4\r\nECHO\r\n$").append(std::to_string(size)) + "\r\n" + value + "\r\n*1\r\n$4\r\nPING\r\n";
    EXPECT_EQ(read(stream), (Lines{std::string("request [ECHO] [").append(value).append("]"), "request [PING]"})) << size;
  }
}

TEST(RespParser, CountsFromOneToTheLimit) {
  for (const std::size_t count : {1u, 2u, 7u, 8u, 9u, 10u, 19u, 20u}) {
    std::string stream = std::string("*").append(std::to_string(count)) + "\r\n";
    std::string line = "request";
    for (std::size_t i = 0; i < count; ++i) {
      stream += "$1\r\nx\r\n";
      line += " [x]";
    }
    EXPECT_EQ(read(stream, small_limits()), (Lines{line})) << count;
  }
}

TEST(RespParser, EmptyRequestsArePassedOver) {
  EXPECT_EQ(read("*0\r\n*-1\r\n\r\n\n  \r\n*-7\r\n*1\r\n$4\r\nPING\r\n*0\r\n"), (Lines{"request [PING]"}));
}

struct Nasty {
  std::string_view stream;
  std::string_view error;
};

TEST(RespParser, BreaksWithTheTextsOfRedis) {
  using std::string_view_literals::operator""sv;
  constexpr std::string_view kCount = "broken Protocol error: invalid multibulk length";
  constexpr std::string_view kLength = "broken Protocol error: invalid bulk length";
  const Nasty all[] = {
      {"*\r\n", kCount},
      {"*a\r\n", kCount},
      {"*01\r\n", kCount},
      {"*+1\r\n", kCount},
      {"*1 \r\n", kCount},
      {"*-0\r\n", kCount},
      {"*1\n$4\r\n", kCount},
      {"*1\rX", kCount},
      {"*21\r\n", kCount},
      {"*99999999999999999999\r\n", kCount},
      {"*1\r\n$\r\n", kLength},
      {"*1\r\n$-1\r\n", kLength},
      {"*1\r\n$a\r\n", kLength},
      {"*1\r\n$04\r\n", kLength},
      {"*1\r\n$4\rPING\r\n", kLength},
      {"*1\r\n$4\nPING\r\n", kLength},
      {"*1\r\n$2001\r\n", kLength},
      {"*1\r\n$9223372036854775808\r\n", kLength},
      {"*1\r\n$4\r\nPINGxx", kLength},
      {"*1\r\n$4\r\nPING\r\r", kLength},
      {"*1\r\n$4\r\nPING\n\n", kLength},
      {"*1\r\nPING\r\n", "broken Protocol error: expected '$', got 'P'"},
      {"*1\r\n:4\r\n", "broken Protocol error: expected '$', got ':'"},
      {"*1\r\nX\rY", "broken Protocol error: expected '$', got 'X'"},
      {"*1\r\n\r\n", "broken Protocol error: expected '$', got ' '"},
      {"*1\r\n\nx\r\n", "broken Protocol error: expected '$', got ' '"},
      {"*1\r\n\0x\r\n"sv, "broken Protocol error: expected '$', got ' '"},
      {"*2\r\n$1\r\na\r\n*1\r\n", "broken Protocol error: expected '$', got '*'"},
      {"set 'a\r\n", "broken Protocol error: unbalanced quotes in request"},
      {"set \"a\"b\r\n", "broken Protocol error: unbalanced quotes in request"},
  };
  for (const Nasty& nasty : all) {
    EXPECT_EQ(read(nasty.stream, small_limits()), (Lines{std::string(nasty.error)})) << nasty.stream;
  }
}

TEST(RespParser, LinesWithoutAnEnd) {
  const RespLimits limits = small_limits();
  const std::string line(limits.line_bytes_max, '1');
  EXPECT_EQ(read(std::string("*").append(line), limits), (Lines{"broken Protocol error: too big mbulk count string"}));
  EXPECT_EQ(read(std::string("*1\r\n$").append(line), limits), (Lines{"broken Protocol error: too big bulk count string"}));
  EXPECT_EQ(read(std::string("1").append(line), limits), (Lines{"broken Protocol error: too big inline request"}));
  EXPECT_EQ(read(line, limits), (Lines{}));
  EXPECT_EQ(read(line + "\n", limits), (Lines{std::string("request [").append(line).append("]")}));
}

TEST(RespParser, StrangersHaveLessRoom) {
  const RespLimits limits{.stranger_arguments_max = 2, .stranger_bulk_bytes_max = 4};
  constexpr std::string_view kThree = "*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n";
  constexpr std::string_view kLong = "*1\r\n$2000\r\n";
  EXPECT_EQ(read("*2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n", limits, Trust::stranger), (Lines{"request [AUTH] [x]"}));
  EXPECT_EQ(read(kThree, limits), (Lines{"request [a] [b] [c]"}));
  EXPECT_EQ(read(kThree, limits, Trust::stranger), (Lines{"broken Protocol error: unauthenticated multibulk length"}));
  EXPECT_EQ(read("*1\r\n$5\r\nabcde\r\n", limits, Trust::stranger), (Lines{"broken Protocol error: unauthenticated bulk length"}));
  EXPECT_EQ(read(kLong, limits, Trust::stranger), (Lines{"broken Protocol error: unauthenticated bulk length"}));
}

TEST(RespParser, ABrowserIsAnIntruder) {
  EXPECT_EQ(read("POST / HTTP/1.1\r\nHost: localhost\r\n\r\nSET a b\r\n"), (Lines{"intruder"}));
  EXPECT_EQ(read("Host: localhost\r\n"), (Lines{"intruder"}));
  EXPECT_EQ(read("*1\r\n$4\r\npost\r\n"), (Lines{"intruder"}));
  EXPECT_EQ(read("GET / HTTP/1.1\r\nhost: localhost\r\n"), (Lines{"request [GET] [/] [HTTP/1.1]", "intruder"}));
}

TEST(RespParser, ACountAloneReservesLittle) {
  RespParser parser;
  ArgumentList arguments;
  EXPECT_EQ(parser.parse("*1048576\r\n", arguments), Outcome::incomplete);
  EXPECT_EQ(parser.error(), "");
  EXPECT_EQ(arguments.size(), 0u);
}

}  // namespace
}  // namespace kv::protocol
