// RESP requests: cutting the stream changes nothing, and what was understood can be written and is understood again.
#include <string>
#include <vector>

#include "corering/base/assert.h"
#include "fuzz_target.h"
#include "kv/protocol/resp_writer.h"
#include "unit/kv/protocol/text_sink.h"
#include "unit/kv/protocol/transcript.h"

using namespace kv::protocol;
using corering::testing::Random;

namespace {

constexpr RespLimits kLimits{
    .line_bytes_max = 200, .bulk_bytes_max = 5000, .arguments_max = 100, .stranger_bulk_bytes_max = 300, .landing_bytes_min = 64};

RequestReader<RespParser> make_reader(Trust trust) {
  RequestReader<RespParser> reader(RespParser(kLimits), std::size_t{1} << 20);
  reader.parser().set_trust(trust);
  return reader;
}

// Every request, written anew.
std::string write_again(std::string_view stream) {
  auto reader = make_reader(Trust::trusted);
  ArgumentList arguments;
  reader.feed(stream);
  TextSink sink;
  {
    RespWriter writer(sink);
    for (;;) {
      const Outcome outcome = reader.next(arguments);
      if (outcome == Outcome::value) reader.parser().decline_landing();
      if (outcome != Outcome::request && outcome != Outcome::value) break;
      if (outcome == Outcome::value) continue;
      writer.array(arguments.size());
      for (const std::string_view argument : arguments) writer.bulk(argument);
    }
  }
  return sink.text();
}

std::string make_bulk(Random& random) {
  std::string bytes(random.chance(30) ? random.below(2000) : random.below(20), 'x');
  for (char& byte : bytes) byte = random.chance(100) ? static_cast<char>(random.next()) : static_cast<char>('a' + random.below(26));
  const std::size_t claimed = random.chance(10) ? random.below(6000) : bytes.size();
  return std::string("$").append(std::to_string(claimed)).append("\r\n").append(bytes).append("\r\n");
}

std::string make_inline(Random& random) {
  static constexpr std::string_view kPieces[] = {"set",          " ",  "\"a b\"", "'c d'",    "\\x41",
                                                 "\"\\x41\\n\"", "\t", "POST",    "'it\\'s'", "key"};
  std::string line;
  for (std::size_t i = random.below(8); i > 0; --i) line += kPieces[random.below(std::size(kPieces))];
  return line + (random.chance(500) ? "\r\n" : "\n");
}

}  // namespace

std::string make_fuzz_input(Random& random) {
  std::string stream;
  for (std::size_t i = random.between(1, 6); i > 0; --i) {
    if (random.chance(200)) {
      stream += make_inline(random);
      continue;
    }
    const std::size_t count = random.chance(50) ? random.below(40) : random.between(1, 4);
    stream.append("*").append(std::to_string(count)).append("\r\n");
    for (std::size_t j = 0; j < count; ++j) stream += make_bulk(random);
  }
  return stream;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  Random random(size);
  for (const Trust trust : {Trust::trusted, Trust::stranger}) {
    const std::vector<std::string> whole = transcript(make_reader(trust), stream, {});
    for (const unsigned density : {20u, 300u, 1000u}) {
      std::vector<std::size_t> cuts;
      for (std::size_t cut = 1; cut < size; ++cut) {
        if (random.chance(density)) cuts.push_back(cut);
      }
      CORERING_ASSERT(transcript(make_reader(trust), stream, cuts) == whole, "a cut changed what was understood");
    }
  }
  const std::string written = write_again(stream);
  CORERING_ASSERT(write_again(written) == written, "what was written is not what was understood");
  return 0;
}
