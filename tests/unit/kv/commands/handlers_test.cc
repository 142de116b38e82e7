// The handlers of data commands, called directly: tables of commands and the replies that Redis 7.0 gives, on one core and on three.

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "corering/cache/cache.h"
#include "kv/commands/command.h"
#include "kv/protocol/resp_writer.h"
#include "kv/store/database.h"
#include "unit/kv/protocol/text_sink.h"

namespace {

using kv::Database;
using kv::Keyspace;

constexpr std::int64_t kNowMs = 1'700'000'000'000;

struct Step {
  std::string_view command;  // words, with blanks between; "1> " in front selects that database; '' is an empty word
  std::string_view reply;    // its lines, with blanks between
};

class DataCommands : public testing::TestWithParam<std::size_t> {
 protected:
  DataCommands() : slots_(GetParam()) {
    for (std::size_t core = 0; core < GetParam(); ++core) {
      keyspaces_.emplace_back(std::move(*corering::cache::Cache::open({.l1_bytes = std::size_t{8} << 20, .now_ms = kNowMs})));
      cores_.push_back(&keyspaces_.back());
    }
  }

  Database database(unsigned number = 0) { return {cores_, slots_, number}; }

  std::string reply_of(std::string_view line) {
    unsigned number = 0;
    if (line.size() > 2 && line[1] == '>') {
      number = static_cast<unsigned>(line[0] - '0');
      line.remove_prefix(3);
    }
    const std::vector<std::string_view> words = words_of(line);
    const std::string text = kv::protocol::written<kv::protocol::RespWriter>(
        [&](kv::protocol::RespWriter& writer) {
          const kv::Command* const command = kv::resolve(words, writer);
          if (command == nullptr) return;
          Database data = database(number);
          kv::Call call{.arguments = words, .data = data, .reply = writer, .now_ms = kNowMs, .command = *command};
          kv::execute(call);
        },
        kv::protocol::RespVersion::resp2);
    return joined(text);
  }

  void check(std::initializer_list<Step> steps) {
    for (const Step& step : steps) EXPECT_EQ(reply_of(step.command), step.reply) << step.command;
  }

 private:
  static std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty()) {
      const std::size_t end = std::min(line.find(' '), line.size());
      const std::string_view word = line.substr(0, end);
      words.push_back(word == "''" ? std::string_view() : word);
      line.remove_prefix(std::min(end + 1, line.size()));
    }
    return words;
  }

  static std::string joined(std::string_view text) {
    std::string line;
    for (const char byte : text) {
      if (byte != '\r') line.push_back(byte == '\n' ? ' ' : byte);
    }
    if (!line.empty()) line.pop_back();
    return line;
  }

  kv::SlotMap slots_;
  std::deque<Keyspace> keyspaces_;
  std::vector<Keyspace*> cores_;
};

INSTANTIATE_TEST_SUITE_P(Cores, DataCommands, testing::Values(1, 3));

TEST_P(DataCommands, SetTakesItsOptionsTogether) {
  check({{"set k a", "+OK"},
         {"set k b nx", "$-1"},
         {"set k b xx", "+OK"},
         {"set n b xx", "$-1"},
         {"set k c get", "$1 b"},
         {"set k d nx get", "$1 c"},
         {"get k", "$1 c"},
         {"set n x nx get", "$-1"},
         {"get n", "$1 x"},
         {"set n y xx get", "$1 x"},
         {"set k e nx xx", "-ERR syntax error"},
         {"set k e ex 10 px 10", "-ERR syntax error"},
         {"set k e ex 10 keepttl", "-ERR syntax error"},
         {"set k e ex", "-ERR syntax error"},
         {"set k w ifeq x", "$-1"},
         {"set k w ifeq c", "+OK"},
         {"set k w nx ifeq c", "-ERR syntax error"},
         {"get k", "$1 w"}});
}

TEST_P(DataCommands, SetKnowsWhenAKeyExpires) {
  check({{"set k v ex 100", "+OK"},
         {"ttl k", ":100"},
         {"set k w keepttl", "+OK"},
         {"pttl k", ":100000"},
         {"set k x", "+OK"},
         {"ttl k", ":-1"},
         {"set k x exat 1700000050", "+OK"},
         {"ttl k", ":50"},
         {"set k x pxat 1", "+OK"},
         {"get k", "$-1"},
         {"set k v ex 0", "-ERR invalid expire time in 'set' command"},
         {"set k v px -1", "-ERR invalid expire time in 'set' command"},
         {"set k v ex 9223372036854775807", "-ERR invalid expire time in 'set' command"},
         {"set k v px 9223372036854775807", "-ERR invalid expire time in 'set' command"},
         {"set k v ex x", "-ERR value is not an integer or out of range"},
         {"exists k", ":0"}});
}

TEST_P(DataCommands, ExpireHasConditions) {
  check({{"set k v", "+OK"},
         {"expire k 100 xx", ":0"},
         {"expire k 100 gt", ":0"},  // never is later than any time
         {"expire k 100 lt", ":1"},
         {"expire k 50 gt", ":0"},
         {"expire k 200 gt", ":1"},
         {"expire k 400 lt", ":0"},
         {"expire k 100 nx", ":0"},
         {"expire k 300 xx", ":1"},
         {"ttl k", ":300"},
         {"persist k", ":1"},
         {"persist k", ":0"},
         {"expire k 100 nx", ":1"},
         {"expire k 10 nx xx", "-ERR NX and XX, GT or LT options at the same time are not compatible"},
         {"expire k 10 gt lt", "-ERR GT and LT options at the same time are not compatible"},
         {"expire k 10 zz", "-ERR Unsupported option zz"},
         {"expire k 9223372036854775807", "-ERR invalid expire time in 'expire' command"},
         {"pexpire k 9223372036854775807", "-ERR invalid expire time in 'pexpire' command"},
         {"ttl k", ":100"},
         {"expire none 100", ":0"},
         {"expire k -1", ":1"},
         {"exists k", ":0"}});
}

TEST_P(DataCommands, BitfieldOverflowsAsItIsTold) {
  check({{"bitfield b set u8 0 250 incrby u8 0 10", "*2 :0 :4"},
         {"bitfield b overflow sat incrby u8 0 300", "*1 :255"},
         {"bitfield b overflow fail incrby u8 0 1", "*1 $-1"},
         {"bitfield b set i8 0 127 overflow wrap incrby i8 0 1", "*2 :-1 :-128"},
         {"bitfield b overflow sat incrby i8 0 -1", "*1 :-128"},
         {"bitfield b overflow fail set i8 0 200 get i8 0", "*2 $-1 :-128"},
         {"bitfield b set i64 0 -1 get u63 1", "*2 :-9223372036854775808 :9223372036854775807"},
         {"bitfield b incrby i64 0 1", "*1 :0"},
         {"bitfield b set i64 0 9223372036854775807 overflow sat incrby i64 0 1 overflow wrap incrby i64 0 1 overflow fail incrby "
          "i64 0 -1",
          "*4 :0 :9223372036854775807 :-9223372036854775808 $-1"},
         {"bitfield c set u8 #1 7 get u8 8 get u4 12", "*3 :0 :7 :7"},
         {"bitfield c overflow sat set i8 0 -9223372036854775808 get i8 0", "*2 :0 :127"},  // as Redis, whose comparison overflows
         {"bitfield c overflow sat set i8 0 -1000 get i8 0", "*2 :127 :-128"},
         {"bitfield c get u64 0",
          "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."},
         {"bitfield_ro c set u8 0 1", "-ERR BITFIELD_RO only supports the GET subcommand"}});
}

TEST_P(DataCommands, LcsFindsTheLongestCommonPart) {
  check({{"mset {t}a ohmytext {t}b mynewtext", "+OK"},
         {"lcs {t}a {t}b", "$6 mytext"},
         {"lcs {t}a {t}b len", ":6"},
         {"lcs {t}a {t}b idx", "*4 $7 matches *2 *2 *2 :4 :7 *2 :5 :8 *2 *2 :2 :3 *2 :0 :1 $3 len :6"},
         {"lcs {t}a {t}b idx minmatchlen 4 withmatchlen", "*4 $7 matches *1 *3 *2 :4 :7 *2 :5 :8 :4 $3 len :6"},
         {"lcs {t}a none", "$0 "},
         {"lcs {t}a {t}b idx len", "-ERR If you want both the length and indexes, please just use IDX."}});
}

TEST_P(DataCommands, KeysMoveWithAllTheyAre) {
  check({{"set a 1 ex 100", "+OK"},
         {"copy a b", ":1"},
         {"ttl b", ":100"},
         {"copy a b", ":0"},
         {"copy a b replace", ":1"},
         {"copy a a", "-ERR source and destination objects are the same"},
         {"copy a a db 1", ":1"},
         {"1> get a", "$1 1"},
         {"1> ttl a", ":100"},
         {"copy a c db 16", "-ERR DB index is out of range"},
         {"move a 1", ":0"},
         {"rename a z", "+OK"},
         {"exists a z", ":1"},
         {"ttl z", ":100"},
         {"rename none x", "-ERR no such key"},
         {"renamenx z b", ":0"},
         {"renamenx z z", ":0"},
         {"rename z z", "+OK"},
         {"move z 1", ":1"},
         {"move z 1", ":0"},
         {"move b 0", "-ERR source and destination objects are the same"},
         {"exists z", ":0"},
         {"1> ttl z", ":100"},
         {"swapdb 0 1", "+OK"},
         {"exists z a b", ":2"},
         {"1> exists z a b", ":1"}});
}

TEST_P(DataCommands, OffsetsAndNumbersHaveBounds) {
  check({{"setrange s 536870912 x", "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"},
         {"setrange s -1 x", "-ERR offset is out of range"},
         {"setrange s 536870912 ''", ":0"},
         {"setbit s 4294967296 1", "-ERR bit offset is not an integer or out of range"},
         {"setbit s -1 1", "-ERR bit offset is not an integer or out of range"},
         {"getbit s 4294967295", ":0"},
         {"set n 9223372036854775807", "+OK"},
         {"incr n", "-ERR increment or decrement would overflow"},
         {"decrby n -9223372036854775808", "-ERR decrement would overflow"},
         {"incrbyfloat n inf", "-ERR increment would produce NaN or Infinity"},
         {"getrange n -9223372036854775808 9223372036854775807", "$19 9223372036854775807"},
         {"getrange n 5 -100", "$0 "},
         {"exists s", ":0"}});
}

// Every key that is there from the beginning of a scan to its end comes up, whatever happens to others meanwhile.
TEST_P(DataCommands, ScanMissesNoKeyThatStays) {
  constexpr int kKeys = 2000;
  for (int number = 0; number < kKeys; ++number) reply_of("set key:" + std::to_string(number) + " v");
  std::set<std::string> seen;
  std::string cursor = "0";
  int round = 0;
  do {
    const std::string reply = reply_of("scan " + cursor + " count 50");
    // "*2 $<length> <cursor> *<count> $<length> <key> ..."
    std::vector<std::string> words;
    for (std::size_t at = 0; at <= reply.size();) {
      const std::size_t end = std::min(reply.find(' ', at), reply.size());
      words.push_back(reply.substr(at, end - at));
      at = end + 1;
    }
    cursor = words.at(2);
    for (std::size_t index = 5; index < words.size(); index += 2) seen.insert(words[index]);
    // Odd keys go, new ones come, so that the index grows below the scan.
    for (int step = 0; step < 100; ++step) {
      reply_of("del key:" + std::to_string((round * 100 + step) * 2 % kKeys + 1));
      reply_of("set new:" + std::to_string(round * 100 + step) + " v");
    }
    ASSERT_LT(++round, 10'000);
  } while (cursor != "0");
  for (int number = 0; number < kKeys; number += 2) EXPECT_TRUE(seen.contains("key:" + std::to_string(number))) << number;
}

// What WATCH compares: the version of a key is another one after whatever changes it, and after nothing else.
TEST_P(DataCommands, VersionsTellWhatChangedAKey) {
  struct Change {
    std::string_view command;
    bool changes;
  };
  const auto version = [&] {
    const kv::Entry entry = database().peek("k");
    return entry ? entry.version() : 0;
  };
  std::uint64_t before = version();
  EXPECT_EQ(before, 0u);
  for (const Change& change : std::initializer_list<Change>{{"set k 1", true},
                                                            {"set k 1", true},
                                                            {"get k", false},
                                                            {"set k 2 nx", false},
                                                            {"set k 2 ifeq 3", false},
                                                            {"incr k", true},
                                                            {"incrby k x", false},
                                                            {"append k 0", true},
                                                            {"setrange k 0 ''", false},
                                                            {"setrange k 1 7", true},
                                                            {"expire k 100 xx", false},
                                                            {"expire k 100", true},
                                                            {"persist k", true},
                                                            {"persist k", false},
                                                            {"touch k", false},
                                                            {"bitfield k get u8 0", false},
                                                            {"bitfield k set u8 0 1", true},
                                                            {"renamenx k k", false},
                                                            {"copy k other", false},
                                                            {"msetnx k 1 l 2", false},
                                                            {"del k", true},
                                                            {"del k", false},
                                                            {"set k 1", true},
                                                            {"flushdb", true}}) {
    reply_of(change.command);
    EXPECT_EQ(version() != before, change.changes) << change.command;
    before = version();
  }
}

}  // namespace
