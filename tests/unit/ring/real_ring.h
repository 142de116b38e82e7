// A ring on the real kernel for tests, enabled by the constructing thread.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <vector>

#include "corering/ring/io_uring_backend.h"
#include "corering/ring/operations.h"
#include "corering/ring/ring.h"
#include "corering/sys/listen_socket.h"

namespace ring_test {

using namespace corering;

// Keeps what its operation reports.
struct Recorder {
  void on_result(ring::IoResult result) { results.push_back(result); }

  std::vector<ring::IoResult> results;
  ring::Completion completion = ring::Completion::to<&Recorder::on_result>(this);
};

// Turns until the condition holds; bounded in time.
inline void turn_until(ring::Ring& ring, const std::function<bool()>& condition) {
  for (int turn = 0; turn < 2000 && !condition(); ++turn) {
    ring.enter({.wait_count = 1, .timeout = std::chrono::milliseconds(5)});
    for (;;) {
      const auto batch = ring.reap();
      if (batch.empty()) break;
      for (const ring::Cqe& cqe : batch) ring.dispatch(cqe);
    }
  }
  EXPECT_TRUE(condition());
}

class RealRing : public ::testing::Test {
 protected:
  explicit RealRing(ring::SetupOptions options = {}) {
    auto opened = ring::Ring::open(backend, options);
    if (!opened) {
      ADD_FAILURE() << opened.error().text;
      return;
    }
    ring_.emplace(std::move(*opened));
    EXPECT_TRUE(ring_->enable());
  }

  ring::Ring& ring() { return *ring_; }

  void turn_until(const std::function<bool()>& condition) { ring_test::turn_until(ring(), condition); }

  void finish(Recorder& recorder) {
    turn_until([&] { return !recorder.completion.in_flight(); });
  }

  ring::IoUringBackend backend;

 private:
  std::optional<ring::Ring> ring_;
};

inline ring::FileRef file(int fd) { return {fd, ring::FileRef::Kind::descriptor}; }
inline ring::FileRef slot(int index) { return {index, ring::FileRef::Kind::direct}; }

// Two connected stream sockets; closed at the end.
struct SocketPair {
  explicit SocketPair(int family = AF_UNIX) {
    if (family == AF_UNIX) {
      EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    } else {
      connect_tcp();
    }
  }
  ~SocketPair() {
    for (const int fd : fds) {
      if (fd >= 0) ::close(fd);
    }
  }

  int fds[2] = {-1, -1};

 private:
  void connect_tcp() {
    auto address = sys::SocketAddress::parse_ip("127.0.0.1", 0);
    auto listener = sys::claim_listen_socket(*address);
    ASSERT_TRUE(listener) << listener.error().text;
    auto bound = sys::SocketAddress::bound_to(listener->value());
    fds[0] = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::connect(fds[0], bound->data(), bound->bytes()), 0);
    fds[1] = ::accept4(listener->value(), nullptr, nullptr, SOCK_CLOEXEC);
    ASSERT_GE(fds[1], 0);
  }
};

}  // namespace ring_test
