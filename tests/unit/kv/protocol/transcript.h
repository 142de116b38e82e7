// What a RequestReader makes of a stream, as lines of text, however the stream is cut.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "corering/testing/random.h"
#include "kv/protocol/outcome.h"
#include "kv/protocol/request_reader.h"
#include "kv/protocol/resp_parser.h"

namespace kv::protocol {

inline std::string describe(const ArgumentList& arguments) {
  std::string line = "request";
  for (const std::string_view argument : arguments) line.append(" [").append(argument).append("]");
  return line;
}

// Feeds the stream in pieces that end at the given places. Every piece lies in memory of exactly its size, which dies with the next
// piece, so that a view that outlives it, or a look beyond its end, is found by the address sanitizer.
template <typename Parser>
std::vector<std::string> transcript(RequestReader<Parser> reader, std::string_view stream, const std::vector<std::size_t>& cuts) {
  std::vector<std::string> lines;
  typename Parser::Request request;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    const std::size_t size = (i < cuts.size() ? cuts[i] : stream.size()) - begin;
    const auto piece = std::make_unique_for_overwrite<char[]>(size);
    stream.copy(piece.get(), size, begin);
    begin += size;
    reader.feed({piece.get(), size});
    for (;;) {
      const Outcome outcome = reader.next(request);
      if (outcome == Outcome::incomplete) break;
      if (outcome == Outcome::value) {
        reader.parser().decline_landing();
        continue;
      }
      if (outcome == Outcome::request) {
        lines.push_back(describe(request));
      } else if (outcome == Outcome::intruder) {
        lines.emplace_back("intruder");
        return lines;
      } else {
        lines.push_back((outcome == Outcome::broken ? "broken " : "refused ") + std::string(reader.parser().error()));
        if (outcome == Outcome::broken) return lines;
      }
    }
    if (reader.consumed() != size) lines.push_back("a piece was not consumed");
  }
  return lines;
}

// Every way to cut the stream in two, every byte alone, and some random ones, against the stream in one piece. Returns a description of
// the first that differs, or nothing.
template <typename MakeReader>
std::string find_cut_that_matters(const MakeReader& make, std::string_view stream, corering::testing::Random& random) {
  const std::vector<std::string> whole = transcript(make(), stream, {});
  const auto differs = [&](const std::vector<std::size_t>& cuts) { return transcript(make(), stream, cuts) != whole; };
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    if (differs({cut})) return std::string("cut at ").append(std::to_string(cut));
  }
  std::vector<std::size_t> every;
  for (std::size_t cut = 1; cut < stream.size(); ++cut) every.push_back(cut);
  if (differs(every)) return "every byte alone";
  for (int round = 0; round < 20 && stream.size() > 1; ++round) {
    std::vector<std::size_t> some;
    for (std::size_t cut = 1; cut < stream.size(); ++cut) {
      if (random.chance(150)) some.push_back(cut);
    }
    if (differs(some)) return "random cuts";
  }
  return {};
}

}  // namespace kv::protocol
