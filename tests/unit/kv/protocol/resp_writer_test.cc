#include "kv/protocol/resp_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "kv/protocol/request_reader.h"
#include "kv/protocol/resp_parser.h"
#include "text_sink.h"
#include "transcript.h"

namespace kv::protocol {
namespace {

using Write = std::function<void(RespWriter&)>;

std::string in_resp2(const Write& write) { return written<RespWriter>(write, RespVersion::resp2); }
std::string in_resp3(const Write& write) { return written<RespWriter>(write, RespVersion::resp3); }

// What both versions say alike.
std::string in_both(const Write& write) {
  EXPECT_EQ(in_resp2(write), in_resp3(write));
  return in_resp2(write);
}

TEST(RespWriter, Simple) {
  EXPECT_EQ(in_both([](RespWriter& to) { to.ok(); }), "+OK\r\n");
  EXPECT_EQ(in_both([](RespWriter& to) { to.simple_string("PONG"); }), "+PONG\r\n");
  EXPECT_EQ(in_both([](RespWriter& to) { to.error("ERR no"); }), "-ERR no\r\n");
}

TEST(RespWriter, TextsCannotForgeReplies) {
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(in_both([](RespWriter& to) { to.error("ERR 'a\r\n+OK\r\n\0b'"sv); }), "-ERR 'a  +OK   b'\r\n");
  EXPECT_EQ(in_both([](RespWriter& to) { to.simple_string("\n"); }), "+ \r\n");
  EXPECT_EQ(in_both([](RespWriter& to) { to.simple_string({}); }), "+\r\n");
}

TEST(RespWriter, Integers) {
  for (const std::int64_t value : {INT64_MIN, std::int64_t{-10}, std::int64_t{-1}, std::int64_t{0}, std::int64_t{9},
                                   std::int64_t{10}, std::int64_t{99}, std::int64_t{100}, INT64_MAX}) {
    EXPECT_EQ(in_both([&](RespWriter& to) { to.integer(value); }), std::string(":").append(std::to_string(value)) + "\r\n");
  }
}

TEST(RespWriter, BulksOfEverySize) {
  for (const std::size_t size : {0u, 1u, 9u, 10u, 99u, 100u, 511u, 512u, 513u, 5000u}) {
    const std::string value(size, 'v');
    const std::string expected = std::string("$").append(std::to_string(size)) + "\r\n" + value + "\r\n";
    EXPECT_EQ(in_both([&](RespWriter& to) { to.bulk(value); }), expected);
  }
}

TEST(RespWriter, NothingAndTruth) {
  EXPECT_EQ(in_resp2([](RespWriter& to) { to.null(), to.null_array(), to.boolean(true), to.boolean(false); }),
            "$-1\r\n*-1\r\n:1\r\n:0\r\n");
  EXPECT_EQ(in_resp3([](RespWriter& to) { to.null(), to.null_array(), to.boolean(true), to.boolean(false); }),
            "_\r\n_\r\n#t\r\n#f\r\n");
}

TEST(RespWriter, Aggregates) {
  const Write all = [](RespWriter& to) { to.array(3), to.map(2), to.set(11), to.push(0), to.array(100), to.map(50); };
  EXPECT_EQ(in_resp2(all), "*3\r\n*4\r\n*11\r\n*0\r\n*100\r\n*100\r\n");
  EXPECT_EQ(in_resp3(all), "*3\r\n%2\r\n~11\r\n>0\r\n*100\r\n%50\r\n");
}

TEST(RespWriter, NumbersThatAreNotIntegers) {
  const Write all = [](RespWriter& to) {
    to.real(1.5);
    to.real(std::numeric_limits<double>::infinity());
    to.real(-std::numeric_limits<double>::infinity());
    to.real(3);
    to.big_number("123456789012345678901");
    to.long_double(3.25L);
  };
  EXPECT_EQ(in_resp2(all), "$3\r\n1.5\r\n$3\r\ninf\r\n$4\r\n-inf\r\n$1\r\n3\r\n$21\r\n123456789012345678901\r\n$4\r\n3.25\r\n");
  EXPECT_EQ(in_resp3(all), ",1.5\r\n,inf\r\n,-inf\r\n,3\r\n(123456789012345678901\r\n$4\r\n3.25\r\n");
}

TEST(RespWriter, Verbatim) {
  const Write text = [](RespWriter& to) { to.verbatim("txt", "a\r\nb"); };
  EXPECT_EQ(in_resp2(text), "$4\r\na\r\nb\r\n");
  EXPECT_EQ(in_resp3(text), "=8\r\ntxt:a\r\nb\r\n");
}

TEST(RespWriter, AReferenceKeepsItsPlaceAndIsReleasedOnce) {
  int released = 0;
  const Pin pin{[](void* owner) noexcept { ++*static_cast<int*>(owner); }, &released};
  const std::string value(100'000, 'r');
  const std::string text = in_resp2([&](RespWriter& to) {
    to.ok();
    to.bulk_reference(value, pin);
    to.integer(7);
  });
  EXPECT_EQ(text, "+OK\r\n$100000\r\n" + value + "\r\n:7\r\n");
  EXPECT_EQ(released, 1);
}

// An array of bulks is also a request: what is written can be read.
TEST(RespWriter, WhatIsWrittenReadsBack) {
  corering::testing::Random random(7);
  std::vector<std::string> expected;
  std::string stream;
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> arguments(random.between(1, 12));
    stream += in_resp2([&](RespWriter& to) {
      to.array(arguments.size());
      for (std::string& argument : arguments) {
        argument.assign(random.between(0, random.chance(20) ? 3000 : 30), static_cast<char>(random.next()));
        to.bulk(argument);
      }
    });
    ArgumentList list;
    for (const std::string& argument : arguments) list.push_back(argument);
    expected.push_back(describe(list));
  }
  EXPECT_EQ(transcript(RequestReader<RespParser>(RespParser{}, 1 << 20), stream, {}), expected);
}

}  // namespace
}  // namespace kv::protocol
