// HTTP heads: cutting the stream changes nothing, no verdict comes from bytes beyond the request, and what is understood is within the
// stream.
#include <string>
#include <string_view>
#include <vector>

#include "corering/base/assert.h"
#include "corering/net/http_request.h"
#include "fuzz_target.h"

using namespace corering::net;
using corering::testing::Random;
using Outcome = HttpParse::Outcome;

namespace {

// All verdicts on a stream that arrives in pieces of `piece` bytes, as one text.
std::string transcript(std::string_view stream, std::size_t piece) {
  std::string text;
  std::string input;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    // A session holds one head at most.
    for (const char c : stream.substr(at, piece)) {
      input += c;
      const bool is_last = &c == &stream.substr(at, piece).back();
      if (!is_last && input.size() < kHttpHeadBytesMax) continue;
      for (;;) {
        const HttpParse parsed = parse_http_request(input);
        if (parsed.outcome == Outcome::incomplete) break;
        if (parsed.outcome == Outcome::refused) return text + std::to_string(parsed.status);
        CORERING_ASSERT(parsed.bytes > 0 && parsed.bytes <= input.size(), "a request is longer than what has come");
        const std::string_view path = parsed.request.path;
        CORERING_ASSERT(path.starts_with('/') && input.find(path) < parsed.bytes, "a path is not in its request");
        (text += path) += parsed.request.keep_alive == HttpKeepAlive::yes ? " kept " : " last ";
        const HttpParse alone = parse_http_request(std::string_view(input).substr(0, parsed.bytes));
        CORERING_ASSERT(alone.outcome == Outcome::request && alone.bytes == parsed.bytes, "what follows a request changes it");
        input.erase(0, parsed.bytes);
      }
    }
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  const std::string whole = transcript(stream, size == 0 ? 1 : size);
  for (const std::size_t piece : {1, 2, 7, 100}) {
    CORERING_ASSERT(transcript(stream, piece) == whole, "cutting the stream changes what is understood");
  }
  return 0;
}

std::string make_fuzz_input(Random& random) {
  static const std::vector<std::string> kMethods{"GET", "HEAD", "POST", "G@T", ""};
  static const std::vector<std::string> kTargets{"/", "/metrics", "/metrics?x=1", "*", "/a/b%20c"};
  static const std::vector<std::string> kVersions{"HTTP/1.1", "HTTP/1.0", "HTTP/2", "http/1.1"};
  static const std::vector<std::string> kHeaders{"Host: a",
                                                 "Connection: close",
                                                 "Connection: keep-alive, te",
                                                 "Content-Length: 0",
                                                 "Content-Length: 1",
                                                 "Transfer-Encoding: chunked",
                                                 "Accept: */*",
                                                 "X: " + std::string(300, 'y'),
                                                 " folded",
                                                 ":",
                                                 ""};
  std::string input;
  for (std::size_t requests = random.between(1, 3); requests > 0; --requests) {
    // Mostly what is right, so that there is something behind it to go wrong.
    const auto pick = [&](const std::vector<std::string>& from) {
      return from[random.chance(800) ? 0 : random.below(from.size())];
    };
    input += pick(kMethods) + ' ' + pick(kTargets) + ' ' + pick(kVersions) + "\r\n";
    if (random.chance(900)) input += "Host: a\r\n";
    for (std::size_t lines = random.below(6); lines > 0; --lines) input += kHeaders[random.below(kHeaders.size())] + "\r\n";
    input += "\r\n";
  }
  return input;
}
