#include "corering/net/http_request.h"

#include <gtest/gtest.h>

#include <string>

namespace {

using namespace corering::net;
using Outcome = HttpParse::Outcome;

const std::string kHost = "Host: localhost:9100\r\n";

HttpParse parse(const std::string& text) { return parse_http_request(text); }
int status_of(const std::string& text) {
  const HttpParse parsed = parse(text);
  return parsed.outcome == Outcome::refused ? parsed.status : 0;
}

TEST(HttpRequest, IsUnderstoodAsToolsSendIt) {
  const std::string text = "GET /metrics?name=x HTTP/1.1\r\n" + kHost + "User-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\nrest";
  const HttpParse parsed = parse(text);
  ASSERT_EQ(parsed.outcome, Outcome::request);
  EXPECT_EQ(parsed.bytes, text.size() - 4);
  EXPECT_EQ(parsed.request.method, HttpMethod::get);
  EXPECT_EQ(parsed.request.path, "/metrics");
  EXPECT_EQ(parsed.request.keep_alive, HttpKeepAlive::yes);
}

TEST(HttpRequest, KeepsTheConnectionAsTheVersionAndTheHeaderSay) {
  const auto keeps = [](const std::string& text) { return parse(text).request.keep_alive == HttpKeepAlive::yes; };
  EXPECT_TRUE(keeps("HEAD / HTTP/1.1\r\n" + kHost + "\r\n"));
  EXPECT_FALSE(keeps("HEAD / HTTP/1.1\r\n" + kHost + "Connection: Close\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\n" + kHost + "connection: te , close\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(HttpRequest, RefusesWhatItDoesNotServe) {
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\n" + kHost + "\r\n"), 405);
  EXPECT_EQ(status_of("DELETE / HTTP/1.1\r\n" + kHost + "\r\n"), 405);
  EXPECT_EQ(status_of("GET / HTTP/2.0\r\n" + kHost + "\r\n"), 505);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n" + kHost + "Content-Length: 5\r\n\r\n"), 413);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n"), 501);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n" + kHost + "Content-Length: 0\r\n\r\n"), 0);
}

TEST(HttpRequest, RefusesWhatIsNotWellFormed) {
  for (const char* text :
       {"GET /\r\n\r\n", "GET  HTTP/1.1\r\n\r\n", "G@T / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / FTP/1.1\r\nHost: a\r\n\r\n",
        "GET x HTTP/1.1\r\nHost: a\r\n\r\n", "GET / /x HTTP/1.1\r\nHost: a\r\n\r\n", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\x01\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\r\n\r\n", "GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nnothing\r\n\r\n"}) {
    EXPECT_EQ(status_of(text), 400) << text;
  }
  EXPECT_EQ(status_of("GET /" + std::string(1024, 'a') + " HTTP/1.1\r\n" + kHost + "\r\n"), 400);
}

TEST(HttpRequest, IsBounded) {
  EXPECT_EQ(parse(std::string(kHttpHeadBytesMax - 1, 'a')).outcome, Outcome::incomplete);
  EXPECT_EQ(status_of(std::string(kHttpHeadBytesMax, 'a')), 431);
  std::string lines = "GET / HTTP/1.1\r\n" + kHost;
  for (int line = 1; line < 64; ++line) lines += "a: b\r\n";
  EXPECT_EQ(parse(lines + "\r\n").outcome, Outcome::request) << "64 header lines";
  EXPECT_EQ(status_of(lines + "a: b\r\n\r\n"), 431);
}

TEST(HttpRequest, IsTheSameWhereverTheStreamIsCut) {
  const std::string stream =
      "GET /metrics HTTP/1.1\r\n" + kHost + "Accept: */*\r\n\r\n" + "HEAD / HTTP/1.0\r\n\r\n" + "BAD\r\n\r\n";
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    std::string input;
    std::string seen;
    for (const std::string& piece : {stream.substr(0, cut), stream.substr(cut)}) {
      input += piece;
      for (HttpParse parsed = parse(input); parsed.outcome == Outcome::request; parsed = parse(input)) {
        (seen += parsed.request.path) += ' ';
        input.erase(0, parsed.bytes);
      }
    }
    EXPECT_EQ(seen, "/metrics / ") << "cut at " << cut;
    EXPECT_EQ(status_of(input), 400) << "cut at " << cut;
  }
}

}  // namespace
