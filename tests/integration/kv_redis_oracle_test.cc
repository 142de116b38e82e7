// The protocol room beside redis-server 7.0: what it answers to the same bytes. Skipped where it is not installed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "corering/testing/random.h"
#include "kv/protocol/dump_payload.h"
#include "kv/protocol/glob.h"
#include "kv/protocol/number.h"
#include "kv/protocol/request_reader.h"
#include "kv/protocol/resp_parser.h"
#include "kv/protocol/resp_writer.h"
#include "oracle.h"
#include "unit/kv/protocol/text_sink.h"

namespace {

using namespace kv::protocol;
using corering::testing::Random;

class RedisOracle : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!oracle::Server::is_installed("redis-server")) return;
    server_ = std::make_unique<oracle::Server>(std::vector<std::string>{"redis-server", "--port", "0", "--unixsocket", "{socket}",
                                                                        "--dir", "{folder}", "--save", "", "--appendonly", "no"});
  }
  static void TearDownTestSuite() { server_.reset(); }

  void SetUp() override {
    if (server_ == nullptr) GTEST_SKIP() << "redis-server is not installed";
    client_ = server_->connect();
    ASSERT_TRUE(client_) << "redis-server does not answer";
    const char* const chosen = std::getenv("CORERING_SEED");
    seed_ = chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : std::random_device()();
    RecordProperty("seed", std::to_string(seed_));
    std::printf("reproduce with CORERING_SEED=%llu\n", static_cast<unsigned long long>(seed_));
  }

  std::optional<std::string> ask(std::initializer_list<std::string_view> arguments) {
    send(arguments);
    return client_->receive_reply();
  }

  void send(std::initializer_list<std::string_view> arguments) {
    TextSink sink;
    {
      RespWriter writer(sink);
      writer.array(arguments.size());
      for (const std::string_view argument : arguments) writer.bulk(argument);
    }
    client_->send(sink.text());
  }

  static std::unique_ptr<oracle::Server> server_;
  std::optional<oracle::Client> client_;
  std::uint64_t seed_ = 0;
};

std::unique_ptr<oracle::Server> RedisOracle::server_;

// Our answer to a stream that is broken: the error as it is sent, or nothing.
std::string our_error(std::string_view stream) {
  RequestReader<RespParser> reader(RespParser{}, std::size_t{1} << 30);
  ArgumentList arguments;
  reader.feed(stream);
  Outcome outcome = Outcome::request;
  while (outcome == Outcome::request) outcome = reader.next(arguments);
  if (outcome != Outcome::broken) return {};
  return std::string("-ERR ").append(reader.parser().error()).append("\r\n");
}

TEST_F(RedisOracle, BreaksWithTheSameTexts) {
  std::vector<std::string> streams{"*\r\n",
                                   "*a\r\n",
                                   "*01\r\n",
                                   "*+1\r\n",
                                   "*1 \r\n",
                                   "*-0\r\n",
                                   "*99999999999\r\n",
                                   "*1\r\n$\r\n",
                                   "*1\r\n$-1\r\n",
                                   "*1\r\n$a\r\n",
                                   "*1\r\n$04\r\n",
                                   "*1\r\n$536870913\r\n",
                                   "*1\r\n$9223372036854775808\r\n",
                                   "*1\r\nPING\r\n",
                                   "*1\r\n:4\r\n",
                                   "*1\r\n\r\n",
                                   "*1\r\n\nx\r\n",
                                   "*2\r\n$1\r\na\r\n*1\r\n",
                                   "*1\r\nX\rY",
                                   "set 'a\r\n",
                                   "set \"a\"b\r\n",
                                   "'\r\n",
                                   "\"\\\r\n",
                                   "*0\r\n*-1\r\n\r\n*x\r\n"};
  streams.push_back(std::string("*").append(70'000, '1'));
  streams.push_back(std::string("*1\r\n$").append(70'000, '1'));
  streams.push_back(std::string(70'000, 'x'));
  for (const std::string& stream : streams) {
    auto client = server_->connect();
    ASSERT_TRUE(client);
    client->send(stream);
    client->finish();
    EXPECT_EQ(our_error(stream), client->receive_to_end()) << stream.substr(0, 60);
  }
}

// ECHO answers what it was given, and so says how a line was understood.
TEST_F(RedisOracle, UnderstandsLinesAlike) {
  Random random(seed_);
  static constexpr std::string_view kPieces[] = {"a", "\"", "'", "\\", "\\x4", "1",   "\\n",
                                                 " ", "\t", "b", "\v", "\\\"", "\\'", "\xff"};
  for (int round = 0; round < 3000; ++round) {
    std::string word;
    for (std::size_t i = random.between(1, 8); i > 0; --i) word += kPieces[random.below(std::size(kPieces))];
    const std::string line = "ECHO " + word + "\r\n";
    RequestReader<RespParser> reader(RespParser{}, 1000);
    ArgumentList arguments;
    reader.feed(line);
    const Outcome outcome = reader.next(arguments);
    auto client = outcome == Outcome::broken ? server_->connect() : std::nullopt;
    oracle::Client& to = client ? *client : *client_;
    to.send(line);
    const std::optional<std::string> reply = to.receive_reply();
    ASSERT_TRUE(reply) << line;
    if (outcome == Outcome::broken) {
      EXPECT_EQ(*reply, "-ERR Protocol error: unbalanced quotes in request") << line;
    } else if (arguments.size() == 2) {
      EXPECT_EQ(*reply, arguments[1]) << line;
    } else {
      EXPECT_EQ(*reply, "-ERR wrong number of arguments for 'echo' command") << line;
    }
  }
}

TEST_F(RedisOracle, MatchesPatternsAlike) {
  Random random(seed_);
  const auto make = [&](std::string_view letters, std::size_t size_max) {
    std::string text(random.between(1, size_max), ' ');
    for (char& letter : text) letter = letters[random.below(letters.size())];
    return text;
  };
  for (int round = 0; round < 4000; ++round) {
    const std::string key = make("ab-]c", 6);
    const std::string pattern = make("ab-c*?[]^\\", 8);
    ASSERT_EQ(ask({"FLUSHALL"}), "+OK");
    ASSERT_EQ(ask({"SET", key, "1"}), "+OK");
    send({"KEYS", pattern});
    const bool matches = client_->receive_until("\r\n") == "*1\r\n";
    if (matches) client_->receive_reply();
    ASSERT_EQ(matches_glob(pattern, key), matches) << pattern << " on " << key;
  }
}

TEST_F(RedisOracle, AddsFloatsAlike) {
  Random random(seed_);
  const auto make = [&] {
    const auto whole = static_cast<std::int64_t>(random.next() >> random.below(64));
    std::string text = std::to_string(random.chance(500) ? whole : -whole);
    if (random.chance(700)) text.append(".").append(std::to_string(random.below(1'000'000'000) >> random.below(30)));
    if (random.chance(200)) text.append("e").append(std::to_string(static_cast<int>(random.below(40)) - 20));
    return text;
  };
  for (int round = 0; round < 3000; ++round) {
    const std::string left = make();
    const std::string right = make();
    ASSERT_EQ(ask({"SET", "n", left}), "+OK");
    const std::optional<std::string> sum = ask({"INCRBYFLOAT", "n", right});
    const auto a = parse_long_double(left);
    const auto b = parse_long_double(right);
    ASSERT_TRUE(a && b) << left << " + " << right;
    EXPECT_EQ(sum, LongDoubleText(*a + *b).view()) << left << " + " << right;
  }
  for (const std::string_view text :
       {"", " 1", "1 ", "nan", "1x", "0x10", "inf", "-inf", "1e5000", ".5", "5.", "+1", "1e", "infinity"}) {
    ASSERT_EQ(ask({"SET", "n", "0"}), "+OK");
    const std::optional<std::string> reply = ask({"INCRBYFLOAT", "n", text});
    ASSERT_TRUE(reply);
    EXPECT_EQ(parse_long_double(text).has_value(), *reply != "-ERR value is not a valid float") << text;
  }
}

TEST_F(RedisOracle, ReadsIntegersAlike) {
  for (const std::string_view text :
       {"0", "-1", "9223372036854775806", "9223372036854775807", "-9223372036854775808", "", "-", "+1", " 1", "01", "-0", "1a",
        "9223372036854775808", "18446744073709551616", "99999999999999999999999"}) {
    ASSERT_EQ(ask({"SET", "n", text}), "+OK");
    const std::optional<std::string> reply = ask({"INCRBY", "n", "0"});
    ASSERT_TRUE(reply);
    EXPECT_EQ(parse_int64(text).has_value(), *reply != "-ERR value is not an integer or out of range") << text;
  }
}

// Dumps go both ways; those of long strings are compressed by Redis.
TEST_F(RedisOracle, ExchangesDumps) {
  Random random(seed_);
  for (int round = 0; round < 1000; ++round) {
    std::string value(random.chance(100) ? random.below(100'000) : random.below(300), ' ');
    const std::uint64_t letters = random.between(1, 256);
    for (char& letter : value) letter = static_cast<char>(random.below(letters));
    if (random.chance(300)) value = std::to_string(static_cast<std::int64_t>(random.next()) >> random.below(64));
    ASSERT_EQ(ask({"SET", "theirs", value}), "+OK");
    const std::optional<std::string> theirs = ask({"DUMP", "theirs"});
    std::string read;
    ASSERT_TRUE(theirs);
    ASSERT_EQ(read_dump(*theirs, value.size(), read), PayloadError::none) << value.size();
    ASSERT_EQ(read, value);
    std::string ours;
    write_dump(value, ours);
    ASSERT_EQ(ask({"RESTORE", "ours", "0", ours, "REPLACE"}), "+OK");
    ASSERT_EQ(ask({"GET", "ours"}), value);
    if (value.size() <= 20) {
      EXPECT_EQ(ours, *theirs) << value;
    }
  }
}

}  // namespace
