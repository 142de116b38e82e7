// Requests as they leave, and replies in any pieces.
#include "load/protocol.h"

#include <gtest/gtest.h>

#include <string>

namespace {

using namespace load;
using corering::base::bytes_of;
using corering::base::ByteView;
using corering::base::text_of;

class ProtocolTest : public testing::Test {
 protected:
  static Options options(std::uint64_t bytes) {
    Options options;
    options.value_bytes_min = options.value_bytes_max = bytes;
    return options;
  }

  std::string value(std::uint64_t key) const { return std::string(text_of(dataset_.value(key))); }
  std::string request(Protocol protocol, Operation operation) const {
    OutBuffer out;
    append_request(protocol, dataset_, {0, 0, 1, operation}, out);
    return std::string(text_of(out.bytes()));
  }

  // The verdict on `reply`, which has to be taken whole.
  Verdict read(Protocol protocol, Operation operation, const std::string& reply) const {
    ReplyReader reader(protocol, dataset_);
    ByteView bytes = bytes_of(reply);
    const Verdict verdict = reader.read(bytes, {0, 0, 1, operation});
    if (verdict != Verdict::malformed) {
      EXPECT_TRUE(bytes.empty()) << text_of(bytes);
    }
    return verdict;
  }
  Verdict read_resp(const std::string& reply, Operation operation = Operation::get) const {
    return read(Protocol::resp, operation, reply);
  }
  Verdict read_memcached(const std::string& reply, Operation operation = Operation::get) const {
    return read(Protocol::memcached, operation, reply);
  }

  const Dataset dataset_{options(20)};
};

TEST_F(ProtocolTest, RequestsAreWrittenAsTheProtocolsSay) {
  EXPECT_EQ(request(Protocol::resp, Operation::get), "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000001\r\n");
  EXPECT_EQ(request(Protocol::resp, Operation::set), "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000001\r\n$20\r\n" + value(1) + "\r\n");
  EXPECT_EQ(request(Protocol::memcached, Operation::get), "get key:000000000001\r\n");
  EXPECT_EQ(request(Protocol::memcached, Operation::set), "set key:000000000001 0 0 20\r\n" + value(1) + "\r\n");
  EXPECT_EQ(request(Protocol::echo, Operation::echo), value(1));
}

TEST_F(ProtocolTest, RespRepliesAreJudged) {
  EXPECT_EQ(read_resp("$20\r\n" + value(1) + "\r\n"), Verdict::good);
  EXPECT_EQ(read_resp("$20\r\n" + value(2) + "\r\n"), Verdict::wrong_value);
  EXPECT_EQ(read_resp("$19\r\n" + value(1).substr(1) + "\r\n"), Verdict::wrong_value);
  EXPECT_EQ(read_resp("$0\r\n\r\n"), Verdict::wrong_value);
  EXPECT_EQ(read_resp("$-1\r\n"), Verdict::miss);
  EXPECT_EQ(read_resp("_\r\n"), Verdict::miss);
  EXPECT_EQ(read_resp("-ERR no\r\n"), Verdict::error_reply);
  EXPECT_EQ(read_resp("+OK\r\n", Operation::set), Verdict::good);
  EXPECT_EQ(read_resp("-OOM\r\n", Operation::set), Verdict::error_reply);
  for (const char* reply : {"+OK\r\n", ":1\r\n", "$x\r\n", "$\r\n", "\r\n", "$20\n", "$99999999999999999999\r\n"}) {
    EXPECT_EQ(read_resp(reply), Verdict::malformed) << reply;
  }
  EXPECT_EQ(read_resp("$20\r\n" + value(1) + "xx"), Verdict::malformed);
  EXPECT_EQ(read_resp("$-1\r\n", Operation::set), Verdict::malformed);
  EXPECT_EQ(read_resp("+" + std::string(1000, 'a')), Verdict::malformed) << "a line without an end";
}

TEST_F(ProtocolTest, MemcachedRepliesAreJudged) {
  const std::string good = "VALUE key:000000000001 0 20\r\n" + value(1) + "\r\nEND\r\n";
  EXPECT_EQ(read_memcached(good), Verdict::good);
  EXPECT_EQ(read_memcached("VALUE key:000000000002 0 20\r\n" + value(1) + "\r\nEND\r\n"), Verdict::wrong_value) << "another key";
  EXPECT_EQ(read_memcached("VALUE key:000000000001 0 20\r\n" + value(2) + "\r\nEND\r\n"), Verdict::wrong_value);
  EXPECT_EQ(read_memcached("END\r\n"), Verdict::miss);
  EXPECT_EQ(read_memcached("STORED\r\n", Operation::set), Verdict::good);
  for (const char* reply : {"ERROR\r\n", "CLIENT_ERROR bad\r\n", "SERVER_ERROR out of memory\r\n"}) {
    EXPECT_EQ(read_memcached(reply), Verdict::error_reply) << reply;
    EXPECT_EQ(read_memcached(reply, Operation::set), Verdict::error_reply) << reply;
  }
  for (const char* reply : {"STORED\r\n", "VALUE\r\n", "VALUE key:000000000001 0 x\r\n", "\r\n"}) {
    EXPECT_EQ(read_memcached(reply), Verdict::malformed) << reply;
  }
  EXPECT_EQ(read_memcached("VALUE key:000000000001 0 20\r\n" + value(1) + "\r\nMORE\r\n"), Verdict::malformed);
}

TEST_F(ProtocolTest, EchoesAreJudged) {
  EXPECT_EQ(read(Protocol::echo, Operation::echo, value(1)), Verdict::good);
  EXPECT_EQ(read(Protocol::echo, Operation::echo, value(2)), Verdict::wrong_value);
  EXPECT_EQ(read(Protocol::echo, Operation::echo, value(1).substr(1)), Verdict::incomplete);
}

// Good, wrong and missing values, one after the other.
TEST_F(ProtocolTest, RepliesAreTheSameWhereverTheStreamIsCut) {
  const std::vector<Verdict> expected{Verdict::good, Verdict::miss, Verdict::wrong_value, Verdict::good, Verdict::error_reply};
  const std::string key = "VALUE key:000000000001 0 20\r\n";
  const std::pair<Protocol, std::string> streams[] = {
      {Protocol::resp, "$20\r\n" + value(1) + "\r\n$-1\r\n$20\r\n" + value(2) + "\r\n$20\r\n" + value(1) + "\r\n-ERR x\r\n"},
      {Protocol::memcached,
       key + value(1) + "\r\nEND\r\nEND\r\n" + key + value(2) + "\r\nEND\r\n" + key + value(1) + "\r\nEND\r\nERROR\r\n"}};
  for (const auto& [protocol, stream] : streams) {
    for (std::size_t first = 0; first <= stream.size(); ++first) {
      for (const std::size_t second : {first, (first + stream.size()) / 2}) {
        ReplyReader reader(protocol, dataset_);
        std::vector<Verdict> verdicts;
        for (const std::string& piece : {stream.substr(0, first), stream.substr(first, second - first), stream.substr(second)}) {
          for (ByteView bytes = bytes_of(piece); !bytes.empty();) {
            const Verdict verdict = reader.read(bytes, {0, 0, 1, Operation::get});
            if (verdict != Verdict::incomplete) verdicts.push_back(verdict);
          }
        }
        ASSERT_EQ(verdicts, expected) << name_of(protocol) << " cut at " << first << " and " << second;
      }
    }
  }
}

TEST_F(ProtocolTest, AReaderBeginsAnewOnANewConnection) {
  ReplyReader reader(Protocol::resp, dataset_);
  ByteView half = bytes_of("$20\r\nabc");
  EXPECT_EQ(reader.read(half, {0, 0, 1, Operation::get}), Verdict::incomplete);
  reader.reset();
  const std::string reply = "$20\r\n" + value(1) + "\r\n";
  ByteView bytes = bytes_of(reply);
  EXPECT_EQ(reader.read(bytes, {0, 0, 1, Operation::get}), Verdict::good);
}

}  // namespace
