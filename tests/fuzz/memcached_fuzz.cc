// memcached commands: cutting the stream changes nothing.
#include <string>
#include <vector>

#include "corering/base/assert.h"
#include "fuzz_target.h"
#include "unit/kv/protocol/memcached_transcript.h"

using namespace kv::protocol;
using corering::testing::Random;

namespace {

constexpr MemcachedLimits kLimits{
    .line_bytes_max = 400, .get_line_bytes_max = 1000, .value_bytes_max = 500, .landing_bytes_min = 64};

RequestReader<MemcachedParser> make_reader() {
  return RequestReader<MemcachedParser>(MemcachedParser(kLimits), std::size_t{1} << 20);
}

std::string_view pick(Random& random, std::initializer_list<std::string_view> from) {
  return from.begin()[random.below(from.size())];
}

std::string make_value(Random& random, std::string line) {
  const std::string bytes(random.chance(50) ? random.below(700) : random.below(20), 'v');
  const std::size_t claimed = random.chance(20) ? random.below(700) : bytes.size();
  line.append(" ").append(std::to_string(claimed));
  return line + (random.chance(200) ? " noreply" : "") + "\r\n" + bytes + "\r\n";
}

std::string make_meta(Random& random) {
  const std::string_view command = pick(random, {"mg", "ms", "md", "ma", "me", "mn"});
  std::string line(command);
  line.append(" ").append(pick(random, {"key", "Zm9v", "AAEC"}));
  const std::string bytes(random.below(10), 'v');
  if (command == "ms") line.append(" ").append(std::to_string(bytes.size()));
  for (std::size_t i = random.below(8); i > 0; --i) {
    line.append(" ").append(pick(random, {"v",   "t",  "f",  "c",   "s",  "k",  "h",  "l",  "u",   "q",    "b",  "I", "N30",
                                          "T60", "R5", "F7", "C99", "MA", "M+", "MX", "D5", "J10", "Oabc", "Tx", "!"}));
  }
  return line + "\r\n" + (command == "ms" ? bytes + "\r\n" : "");
}

}  // namespace

std::string make_fuzz_input(Random& random) {
  std::string stream;
  for (std::size_t i = random.between(1, 6); i > 0; --i) {
    switch (random.below(5)) {
      case 0: stream += make_meta(random); break;
      case 1: stream += make_value(random, std::string(pick(random, {"set", "add", "append"})) + " key 0 0"); break;
      case 2: stream += std::string(pick(random, {"get", "gets", "gat 10"})) + " a bb ccc\r\n"; break;
      case 3:
        stream +=
            pick(random, {"incr n 5\r\n", "decr n 1 noreply\r\n", "touch k 9\r\n", "delete k 0\r\n", "cas k 0 0 1 99\r\nx\r\n"});
        break;
      default:
        stream +=
            pick(random, {"flush_all 5\r\n", "stats items\r\n", "version\n", "quit\r\n", "verbosity 1\r\n", "POST / HTTP/1.1\r\n"});
    }
  }
  return stream;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  Random random(size);
  const std::vector<std::string> whole = transcript(make_reader(), stream, {});
  for (const unsigned density : {20u, 300u, 1000u}) {
    std::vector<std::size_t> cuts;
    for (std::size_t cut = 1; cut < size; ++cut) {
      if (random.chance(density)) cuts.push_back(cut);
    }
    CORERING_ASSERT(transcript(make_reader(), stream, cuts) == whole, "a cut changed what was understood");
  }
  return 0;
}
