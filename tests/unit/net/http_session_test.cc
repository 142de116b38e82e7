#include "corering/net/http_session.h"

#include "simulated_server.h"

namespace {

using namespace net_test;

class HttpSessionTest : public SimulatedServer {
 protected:
  void start_http() {
    start(std::make_unique<net::HttpSessions>(
        [this](std::string_view path) {
          paths.emplace_back(path);
          return net::HttpResponse{.status = path == "/missing" ? 404 : 200, .body = path == "/long" ? long_body : "body"};
        },
        8));
  }

  // What the peer has been sent after some turns, in pieces that its window allows.
  std::string read_all(simulated::Peer& peer, int rounds = 200) {
    std::string all;
    for (int round = 0; round < rounds; ++round) {
      turns(3);
      all += read(peer);
    }
    return all;
  }

  static std::string request(const std::string& line, const std::string& headers = "") {
    return line + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
  }
  static std::string body_of(const std::string& response) { return response.substr(response.find("\r\n\r\n") + 4); }

  std::vector<std::string> paths;
  const std::string long_body = std::string(100'000, 'x');
};

TEST_F(HttpSessionTest, AnswersAndKeepsTheConnection) {
  start_http();
  simulated::Peer peer = connect();
  write(peer, request("GET /one"));
  const std::string first = read_all(peer);
  EXPECT_TRUE(first.starts_with("HTTP/1.1 200 OK\r\n")) << first;
  EXPECT_NE(first.find("Content-Length: 4\r\n"), std::string::npos) << first;
  EXPECT_EQ(body_of(first), "body");
  write(peer, request("HEAD /two"));
  const std::string second = read_all(peer);
  EXPECT_NE(second.find("Content-Length: 4\r\n"), std::string::npos) << second;
  EXPECT_EQ(body_of(second), "") << "a head has no body";
  EXPECT_EQ(paths, (std::vector<std::string>{"/one", "/two"}));
  EXPECT_EQ(counter("closed"), 0U);
}

TEST_F(HttpSessionTest, ClosesWhenAskedTo) {
  start_http();
  simulated::Peer peer = connect();
  write(peer, request("GET /missing", "Connection: close\r\n") + request("GET /never"));
  const std::string answer = read_all(peer);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 404 Not Found\r\n")) << answer;
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(peer.is_at_end());
  EXPECT_EQ(paths, std::vector<std::string>{"/missing"});
}

TEST_F(HttpSessionTest, RefusesAndCloses) {
  start_http();
  simulated::Peer peer = connect();
  write(peer, request("POST /"));
  const std::string answer = read_all(peer);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 405 ")) << answer;
  EXPECT_NE(answer.find("Allow: GET, HEAD\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(peer.is_at_end());
  EXPECT_TRUE(paths.empty());
}

TEST_F(HttpSessionTest, AHeadLongerThanItMayBeIsRefusedBeforeItHasEnded) {
  start_http();
  simulated::Peer peer = connect();
  write(peer, std::string(net::kHttpHeadBytesMax + 500, 'a'));
  EXPECT_TRUE(read_all(peer).starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(peer.is_at_end());
}

TEST_F(HttpSessionTest, RequestsInOnePieceAreAnsweredInOrderAndThoseInManyAsWell) {
  start_http();
  simulated::Peer peer = connect();
  std::string stream;
  for (int index = 0; index < 20; ++index) stream += request("GET /" + std::to_string(index));
  write(peer, stream);
  const std::string at_once = read_all(peer);
  ASSERT_EQ(paths.size(), 20U);
  EXPECT_EQ(paths.back(), "/19");
  simulated::Peer slow = connect();
  std::string in_pieces;
  for (const char c : stream) {
    write(slow, std::string_view(&c, 1));
    turns(2);
    in_pieces += read(slow);
  }
  EXPECT_EQ(in_pieces + read_all(slow), at_once);
}

TEST_F(HttpSessionTest, AnAnswerLargerThanAllChunksLeavesAsThePeerReads) {
  start_http();
  simulated::Peer peer = connect(65536, 1000);
  write(peer, request("GET /long") + request("GET /after"));
  turns(50);
  EXPECT_EQ(paths, std::vector<std::string>{"/long"}) << "the next waits until the first has left";
  const std::string answer = read_all(peer, 2000);
  EXPECT_EQ(body_of(answer).substr(0, long_body.size()), long_body);
  EXPECT_TRUE(answer.ends_with("body"));
}

TEST_F(HttpSessionTest, APeerThatEndsItsSideStillGetsItsAnswer) {
  start_http();
  simulated::Peer peer = connect(65536, 1000);
  write(peer, request("GET /long"));
  peer.finish_writing();
  EXPECT_EQ(body_of(read_all(peer, 2000)), long_body);
  EXPECT_TRUE(peer.is_at_end());
}

TEST_F(HttpSessionTest, HalfARequestIsNotWaitedForForEver) {
  start_http();
  simulated::Peer peer = connect();
  const auto letter_now_and_then = [&](int letters) {
    for (int letter = 0; letter < letters; ++letter) {
      write(peer, "G");
      turns(2);
      core().clock().advance(std::chrono::seconds(1));
      turns(2);
    }
  };
  letter_now_and_then(4);
  EXPECT_EQ(counter("timed_out"), 0U);
  letter_now_and_then(3);
  EXPECT_EQ(counter("timed_out"), 1U);
  EXPECT_TRUE(turn_until_closed());
}

TEST_F(HttpSessionTest, ConnectionsEndAfterManyRequests) {
  start_http();
  simulated::Peer peer = connect();
  std::string last;
  for (int index = 0; index < net::HttpSession::kRequestsMax; ++index) {
    write(peer, request("GET /"));
    turns(4);
    last = read(peer);
  }
  EXPECT_NE((last + read_all(peer, 5)).find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(peer.is_at_end());
  EXPECT_EQ(paths.size(), static_cast<std::size_t>(net::HttpSession::kRequestsMax));
}

TEST_F(HttpSessionTest, WithoutMemoryForOneTheConnectionIsRefused) {
  auto answer = [](std::string_view) { return net::HttpResponse{.status = 200, .body = "body"}; };
  check_refusal_without_session(std::make_unique<net::HttpSessions>(answer, 8), request("GET /"));
}

}  // namespace
