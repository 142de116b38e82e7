#include "kv/protocol/request_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "../../sched/heap_count.h"
#include "kv/protocol/resp_parser.h"
#include "transcript.h"

namespace kv::protocol {
namespace {

using Reader = RequestReader<RespParser>;

TEST(RequestReader, ARequestInOnePieceIsParsedWhereItLies) {
  Reader reader(RespParser{}, 1000);
  ArgumentList arguments;
  const std::string piece = "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n*1\r\n$4\r\nPI";
  reader.feed(piece);
  ASSERT_EQ(reader.next(arguments), Outcome::request);
  EXPECT_EQ(arguments[1].data(), piece.data() + piece.find("key"));
  EXPECT_EQ(reader.consumed(), 22u);
  EXPECT_EQ(reader.next(arguments), Outcome::incomplete);
  EXPECT_EQ(reader.consumed(), piece.size());
}

TEST(RequestReader, ViewsOfACutRequestLiveAsLongAsThoseOfItsPiece) {
  Reader reader(RespParser{}, 1000);
  ArgumentList first;
  ArgumentList second;
  reader.feed("*1\r\n$4\r\nPI");
  ASSERT_EQ(reader.next(first), Outcome::incomplete);
  const std::string piece = "NG\r\n*1\r\n$4\r\nECHO\r\n*1\r\n$4\r\nTI";
  reader.feed(piece);
  ASSERT_EQ(reader.next(first), Outcome::request);
  ASSERT_EQ(reader.next(second), Outcome::request);
  EXPECT_EQ(second[0].data(), piece.data() + piece.find("ECHO"));
  ArgumentList third;
  ASSERT_EQ(reader.next(third), Outcome::incomplete);
  EXPECT_EQ(first[0], "PING");
  EXPECT_EQ(second[0], "ECHO");
  reader.feed("ME\r\n");
  ASSERT_EQ(reader.next(third), Outcome::request);
  EXPECT_EQ(third[0], "TIME");
}

// Also of requests that are cut: the memory for their tails is kept.
TEST(RequestReader, AWarmOneDoesNotAllocate) {
  std::string stream;
  for (int i = 0; i < 200; ++i) {
    stream.append("*3\r\n$3\r\nSET\r\n$7\r\nkey:")
        .append(std::to_string(100 + i))
        .append("\r\n$64\r\n")
        .append(64, 'v')
        .append("\r\n");
  }
  Reader reader(RespParser{}, 1000);
  ArgumentList arguments;
  std::size_t requests = 0;
  std::size_t allocations_before = 0;
  for (int round = 0; round < 3; ++round) {
    if (round == 1) allocations_before = heap_count::allocations();
    for (std::size_t begin = 0; begin < stream.size(); begin += 1000) {
      reader.feed(std::string_view(stream).substr(begin, 1000));
      while (reader.next(arguments) == Outcome::request) ++requests;
    }
  }
  EXPECT_EQ(heap_count::allocations(), allocations_before);
  EXPECT_EQ(requests, 600u);
}

TEST(RequestReader, ARequestLargerThanTheLimitBreaks) {
  Reader reader(RespParser{}, 100);
  ArgumentList arguments;
  const std::string head = "*2\r\n$4\r\nECHO\r\n$1000\r\n";
  const std::string piece(70, 'x');
  reader.feed(head);
  EXPECT_EQ(reader.next(arguments), Outcome::incomplete);
  reader.feed(piece);
  EXPECT_EQ(reader.next(arguments), Outcome::incomplete);
  reader.feed(piece);
  EXPECT_EQ(reader.next(arguments), Outcome::broken);
  EXPECT_TRUE(reader.is_too_large());
}

// A value lands in memory of its own, whatever part of it has come with the request's beginning.
TEST(RequestReader, ALargeValueLands) {
  const RespLimits limits{.landing_bytes_min = 10};
  const std::string value = "0123456789abcdef";
  const std::string head = "*4\r\n$3\r\nSET\r\n$3\r\nkey\r\n$16\r\n";
  const std::string stream = head + value + "\r\n$4\r\nKEEP\r\n*1\r\n$4\r\nPING\r\n";
  for (std::size_t first = 1; first < head.size() + value.size(); ++first) {
    Reader reader(RespParser(limits), 1000);
    ArgumentList arguments;
    std::string landed;
    std::size_t fed = 0;
    std::string piece = stream.substr(0, first);
    reader.feed(piece);
    Outcome outcome = reader.next(arguments);
    if (outcome == Outcome::incomplete) {
      fed = first;
      piece = stream.substr(first, head.size() + 3 - first);
      reader.feed(piece);
      outcome = reader.next(arguments);
    }
    ASSERT_EQ(outcome, Outcome::value) << first;
    ASSERT_EQ(reader.parser().value_bytes(), value.size());
    landed = reader.land(arguments);
    fed += reader.consumed();
    piece.assign(piece.size(), '#');
    EXPECT_EQ(arguments[0], "SET");
    EXPECT_EQ(arguments[1], "key");
    ASSERT_LT(landed.size(), value.size());
    const std::size_t missing = value.size() - landed.size();
    landed += stream.substr(fed, missing);
    reader.on_landed(landed, arguments);
    const std::string rest = stream.substr(fed + missing);
    reader.feed(rest);
    ASSERT_EQ(reader.next(arguments), Outcome::request) << first;
    EXPECT_EQ(describe(arguments), "request [SET] [key] [0123456789abcdef] [KEEP]");
    EXPECT_EQ(arguments[2].data(), landed.data());
    ASSERT_EQ(reader.next(arguments), Outcome::request);
    EXPECT_EQ(describe(arguments), "request [PING]");
  }
}

TEST(RequestReader, ADeclinedValueComesLikeTheRest) {
  Reader reader(RespParser({.landing_bytes_min = 10}), 1000);
  ArgumentList arguments;
  reader.feed("*2\r\n$4\r\nECHO\r\n$12\r\n012345");
  ASSERT_EQ(reader.next(arguments), Outcome::value);
  reader.parser().decline_landing();
  ASSERT_EQ(reader.next(arguments), Outcome::incomplete);
  reader.feed("6789ab\r\n");
  ASSERT_EQ(reader.next(arguments), Outcome::request);
  EXPECT_EQ(describe(arguments), "request [ECHO] [0123456789ab]");
}

}  // namespace
}  // namespace kv::protocol
