// The memcached parser and writer beside memcached 1.6.18: what it answers to the same bytes. Skipped where it is not installed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "corering/testing/random.h"
#include "kv/protocol/memcached_parser.h"
#include "kv/protocol/memcached_writer.h"
#include "kv/protocol/request_reader.h"
#include "oracle.h"
#include "unit/kv/protocol/text_sink.h"

namespace {

using namespace kv::protocol;
using corering::testing::Random;

const std::string kMarker = "mg marker Omarker\r\n";

class MemcachedOracle : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!oracle::Server::is_installed("memcached")) return;
    server_ = std::make_unique<oracle::Server>(
        std::vector<std::string>{"memcached", "-s", "{socket}", "-u", "root", "-m", "64", "-t", "1"});
  }
  static void TearDownTestSuite() { server_.reset(); }

  void SetUp() override {
    if (server_ == nullptr) GTEST_SKIP() << "memcached is not installed";
    client_ = server_->connect();
    ASSERT_TRUE(client_) << "memcached does not answer";
  }

  // What memcached answers, up to a command behind it whose answer nothing else has.
  std::string theirs(const std::string& stream) {
    client_->send(stream + kMarker);
    return client_->receive_until("EN Omarker\r\n");
  }

  static std::unique_ptr<oracle::Server> server_;
  std::optional<oracle::Client> client_;
};

std::unique_ptr<oracle::Server> MemcachedOracle::server_;

// What an empty cache that stores nothing answers: enough to see how every command was understood.
class EmptyCache {
 public:
  std::string answer(const std::string& stream) {
    TextSink sink;
    {
      MemcachedWriter writer(sink);
      RequestReader<MemcachedParser> reader(MemcachedParser{}, std::size_t{1} << 21);
      MemcachedRequest request;
      reader.feed(stream);
      for (;;) {
        const Outcome outcome = reader.next(request);
        if (outcome == Outcome::refused) {
          if (!reader.parser().error().empty()) writer.line(reader.parser().error());
        } else if (outcome == Outcome::request) {
          execute(writer, request);
        } else {
          break;
        }
      }
    }
    return sink.text();
  }

 private:
  static void execute(MemcachedWriter& to, const MemcachedRequest& request) {
    using enum MemcachedCommand;
    switch (request.command) {
      case get:
      case gets:
      case gat:
      case gats: to.end(); return;
      case replace:
      case append:
      case prepend: say(to, request, "NOT_STORED"); return;
      case cas:
      case incr:
      case decr:
      case touch:
      case remove: say(to, request, "NOT_FOUND"); return;
      case flush_all:
      case verbosity: say(to, request, "OK"); return;
      case version: to.line("VERSION 1.6.18"); return;
      case meta_get:
        if (!request.quiet) to.meta_status("EN", request);
        return;
      case meta_set: {
        const MetaMode mode = request.meta.mode;
        const bool compares = request.meta.cas_unique && (mode == MetaMode::set || mode == MetaMode::replace);
        to.meta_stored(compares ? "NF" : "NS", request, 0);
        return;
      }
      case meta_delete:
      case meta_arithmetic: to.meta_status("NF", request); return;
      case meta_noop: to.line("MN"); return;
      case meta_debug: to.line("EN"); return;
      default: to.line("a command that an empty cache is not asked");
    }
  }

  static void say(MemcachedWriter& to, const MemcachedRequest& request, std::string_view text) {
    if (!request.quiet) to.line(text);
  }
};

TEST_F(MemcachedOracle, AnswersNastyLinesAlike) {
  const std::string longest(250, 'k');
  const std::string longer(251, 'k');
  const std::vector<std::string> streams{"\r\n",
                                         "\n",
                                         "x\r\n",
                                         " \r\n",
                                         "get\r\n",
                                         "get \r\n",
                                         "  get a\r\n",
                                         "get a \n",
                                         "getx a\r\n",
                                         "GET a\r\n",
                                         "gat\r\n",
                                         "gat 1\r\n",
                                         "gat x a\r\n",
                                         "gats 1 a b\r\n",
                                         "set\r\n",
                                         "set a 0 0\r\n",
                                         "set a 0 0 1 2 3\r\n",
                                         "set a x 0 1\r\nb\r\n",
                                         "set a 0 0 -1\r\n",
                                         "set a 0 0 -1 noreply\r\n",
                                         "set a -1 0 1\r\nb\r\n",
                                         "replace a 4294967296 0 1\r\nb\r\n",
                                         "replace a 0 99999999999999999999 1\r\nb\r\n",
                                         "replace a 0 0 1x\r\nb\r\n",
                                         "replace a 0 0 1\t\r\nb\r\n",
                                         "replace a +1 -0 1\r\nb\r\n",
                                         "replace a 0 0 2147483646\r\n",
                                         "replace a 0 0 1\r\nbcd\r\n",
                                         "replace a 0 0 1 noreply\r\nbcd\r\n",
                                         "replace a 0 0 0\r\n\r\n",
                                         "replace a 0 0 1\nb\r\n",
                                         "replace a 0 0 1 whatever\r\nb\r\n",
                                         "append a 0 0 2000000\r\n" + std::string(2'000'000, 'v') + "\r\n",
                                         "append a 0 0 2000000 noreply\r\n" + std::string(2'000'000, 'v') + "\r\n",
                                         "cas a 0 0 1\r\n",
                                         "cas a 0 0 1 x\r\n",
                                         "cas a 0 0 1 5\r\nb\r\n",
                                         "cas a 0 0 1 5 noreply\r\nb\r\n",
                                         "incr a\r\n",
                                         "incr a b\r\n",
                                         "incr a -1\r\n",
                                         "incr a 1\r\n",
                                         "decr a 18446744073709551615\r\n",
                                         "decr a 18446744073709551616\r\n",
                                         "incr a 1 noreply\r\n",
                                         "incr a b noreply\r\n",
                                         "touch a\r\n",
                                         "touch a b\r\n",
                                         "touch a 1\r\n",
                                         "touch a 1 noreply\r\n",
                                         "delete\r\n",
                                         "delete a\r\n",
                                         "delete a 0\r\n",
                                         "delete a 1\r\n",
                                         "delete a noreply\r\n",
                                         "delete a 0 noreply\r\n",
                                         "delete a 0 x\r\n",
                                         "delete a 1 noreply\r\n",
                                         "delete a 0 0 0\r\n",
                                         "flush_all\r\n",
                                         "flush_all 0\r\n",
                                         "flush_all x\r\n",
                                         "flush_all noreply\r\n",
                                         "flush_all 0 noreply\r\n",
                                         "flush_all 0 0 0\r\n",
                                         "verbosity\r\n",
                                         "verbosity 0\r\n",
                                         "verbosity x\r\n",
                                         "verbosity 0 noreply\r\n",
                                         "verbosity 0 0 0\r\n",
                                         "version x\r\n",
                                         "unknown\r\n",
                                         "mx a\r\n",
                                         "m\r\n",
                                         "mg\r\n",
                                         "mg a\r\n",
                                         "mg a v t k Oabc\r\n",
                                         "mg a k O q\r\nmn\r\n",
                                         "mg a v v\r\n",
                                         "mg a !\r\n",
                                         "mg a Tx\r\n",
                                         "mg a T1\r\n",
                                         "mg a R1 t f h l u s c\r\n",
                                         "mg a \xff\r\n",
                                         "mg a Fx\r\n",
                                         "mg a O0123456789012345678901234567890\r\n",
                                         "mg a O01234567890123456789012345678901\r\n",
                                         "mg a O012345678901234567890123456789012\r\n",
                                         "mg a v t f c s k h l q u O R1 T1 P L I F1 D1\r\n",
                                         "mg Zm9v b k\r\n",
                                         "mg Zm9 b k\r\n",
                                         "mg Zm9 b Tx\r\n",
                                         "mg a MX\r\n",
                                         "mg a M\r\n",
                                         "ms\r\n",
                                         "ms a\r\n",
                                         "ms a x\r\n",
                                         "ms a -1\r\n",
                                         "ms a 1 v v\r\nb\r\n",
                                         "ms a 1 MX\r\nb\r\n",
                                         "ms a 1 M\r\nb\r\n",
                                         "ms a 1 MA\r\nb\r\n",
                                         "ms a 1 MP c k Oxyz\r\nb\r\n",
                                         "ms a 1 MR q\r\nb\r\n",
                                         "ms a 1 C5 k\r\nb\r\n",
                                         "ms Zm9v 1 MA b k\r\nb\r\n",
                                         "ms !!! 1 MA b k\r\nb\r\n",
                                         "ms a 1 MA O012345678901234567890123456789012\r\nb\r\n",
                                         "ms a 1 MX O012345678901234567890123456789012\r\nb\r\n",
                                         "ms a 1 MA q\r\nbcd\r\n",
                                         "ms a 2000000 MA\r\n" + std::string(2'000'000, 'v') + "\r\n",
                                         "ms a 1 Fx MA\r\nb\r\n",
                                         "ms a 1 Tx Fx\r\nb\r\n",
                                         "md\r\n",
                                         "md a\r\n",
                                         "md a q k Ox\r\n",
                                         "md a v v\r\n",
                                         "md a !\r\n",
                                         "md a Cx\r\n",
                                         "md Zm9v b k\r\n",
                                         "ma\r\n",
                                         "ma a\r\n",
                                         "ma a MX\r\n",
                                         "ma a M\r\n",
                                         "ma a MI k\r\n",
                                         "ma a M- Ox\r\n",
                                         "ma a Dx\r\n",
                                         "ma a Jx\r\n",
                                         "ma a D1 q\r\n",
                                         "me\r\n",
                                         "me a\r\n",
                                         "me a b\r\n",
                                         "me Zm9v b\r\n",
                                         "mn\r\n",
                                         "mn x\r\n",
                                         std::string("get a\0b c\r\n", 11),
                                         "get " + longest + "\r\n",
                                         "get " + longer + "\r\n",
                                         "get a " + longer + "\r\n",
                                         "incr " + longer + " 1\r\n",
                                         "delete " + longer + "\r\n",
                                         "touch " + longer + " 1\r\n",
                                         "mg " + longer + "\r\n",
                                         "ms " + longer + " 1\r\n",
                                         "md " + longer + "\r\n",
                                         "ma " + longer + "\r\n",
                                         "me " + longer + "\r\n",
                                         "replace " + longer + " 0 0 1\r\n"};
  for (const std::string& stream : streams) {
    EXPECT_EQ(EmptyCache().answer(stream + kMarker), theirs(stream)) << stream.substr(0, 100);
  }
}

TEST_F(MemcachedOracle, AnswersRandomMetasAlike) {
  const char* const chosen = std::getenv("CORERING_SEED");
  const std::uint64_t seed = chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : std::random_device()();
  std::printf("reproduce with CORERING_SEED=%llu\n", static_cast<unsigned long long>(seed));
  Random random(seed);
  const auto pick = [&](std::initializer_list<std::string_view> from) { return from.begin()[random.below(from.size())]; };
  for (int round = 0; round < 5000; ++round) {
    std::string stream(pick({"mg", "md", "ma", "ms"}));
    const bool stores = stream == "ms";
    const bool adds = stream == "ma";
    stream.append(" ").append(pick({"key", "Zm9v", "AAEC", "Zm9vYg=="})).append(stores ? " 1 MA" : "");
    for (std::size_t i = random.below(6); i > 0; --i) {
      // Without what would store something.
      stream.append(" ").append(pick({"v",   "t",  "f",   "c",    "s",  "k",  "h", "l", "u", "b",   "I",  "T60", "R5", "F7",
                                      "C99", "D5", "J10", "Oabc", "Tx", "Cx", "!", "O", "T", "D-1", "k1", "P",   "L"}));
    }
    if (!stores && random.chance(100)) stream.append(adds ? " M-" : " MZ");
    stream += stores ? "\r\nv\r\n" : "\r\n";
    ASSERT_EQ(EmptyCache().answer(stream + kMarker), theirs(stream)) << stream;
  }
}

}  // namespace
