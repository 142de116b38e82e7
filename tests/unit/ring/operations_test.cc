// Each operation against the real kernel: what is written here about it in operations.h is what happens.
#include "corering/ring/operations.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include <array>
#include <cstring>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "corering/base/bytes.h"
#include "real_ring.h"

namespace ring_test {
namespace {

class Operations : public RealRing {};

std::vector<std::byte> pattern(std::size_t bytes) {
  std::vector<std::byte> made(bytes);
  for (std::size_t index = 0; index < bytes; ++index) made[index] = static_cast<std::byte>(index * 31 + index / 251);
  return made;
}

std::vector<std::byte> read_exactly(int fd, std::size_t bytes) {
  std::vector<std::byte> got(bytes);
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t count = ::read(fd, got.data() + done, bytes - done);
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  got.resize(done);
  return got;
}

TEST_F(Operations, SendAndReceive) {
  SocketPair pair(AF_INET);
  const auto bytes = pattern(1000);
  Recorder send;
  ring::prepare_send(ring().require_sqe(send.completion), file(pair.fds[0]), bytes);
  finish(send);
  EXPECT_EQ(send.results[0].value, 1000);
  std::vector<std::byte> into(1000);
  Recorder receive;
  ring::prepare_receive(ring().require_sqe(receive.completion), file(pair.fds[1]), into);
  finish(receive);
  EXPECT_EQ(receive.results[0].value, 1000);
  EXPECT_EQ(into, bytes);
}

TEST_F(Operations, ReceiveAtOnceDoesNotWait) {
  SocketPair pair(AF_INET);
  std::vector<std::byte> into(10);
  Recorder empty;
  ring::prepare_receive_at_once(ring().require_sqe(empty.completion), file(pair.fds[1]), into);
  finish(empty);
  EXPECT_EQ(empty.results[0].value, -EAGAIN);
  ASSERT_EQ(::write(pair.fds[0], "data", 4), 4);
  Recorder full;
  ring::prepare_receive_at_once(ring().require_sqe(full.completion), file(pair.fds[1]), into);
  finish(full);
  EXPECT_EQ(full.results[0].value, 4);
}

// A socket whose peer does not read is not writable, until it reads.
TEST_F(Operations, PollWaitsForRoomInASocket) {
  SocketPair pair(AF_INET);
  const auto bytes = pattern(1 << 16);
  while (::send(pair.fds[0], bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
  }
  Recorder room;
  ring::prepare_poll(ring().require_sqe(room.completion), file(pair.fds[0]), POLLOUT);
  ring().enter({});
  EXPECT_TRUE(room.completion.in_flight());
  std::vector<std::byte> into(1 << 20);
  while (::recv(pair.fds[1], into.data(), into.size(), MSG_DONTWAIT) > 0) {
  }
  // What was in the sender's buffer arrives only now.
  turn_until([&] {
    while (::recv(pair.fds[1], into.data(), into.size(), MSG_DONTWAIT) > 0) {
    }
    return !room.completion.in_flight();
  });
  EXPECT_EQ(room.results[0].value & POLLOUT, POLLOUT);
}

TEST_F(Operations, APollCanBeCancelled) {
  SocketPair pair(AF_INET);
  Recorder data;
  ring::prepare_poll(ring().require_sqe(data.completion), file(pair.fds[0]), POLLIN);
  Recorder cancel;
  ring::prepare_cancel(ring().require_sqe(cancel.completion), data.completion);
  finish(data);
  finish(cancel);
  EXPECT_EQ(data.results[0].value, -ECANCELED);
}

// MSG_WAITALL lets the kernel go on by itself when the socket buffer is full.
TEST_F(Operations, ASendOfEightMebibytesIsOneCompletion) {
  SocketPair pair(AF_INET);
  const auto bytes = pattern(std::size_t{8} << 20);
  Recorder send;
  ring::prepare_send(ring().require_sqe(send.completion), file(pair.fds[0]), bytes);
  std::vector<std::byte> got;
  std::thread reader([&] { got = read_exactly(pair.fds[1], bytes.size()); });
  finish(send);
  reader.join();
  ASSERT_EQ(send.results.size(), 1u);
  EXPECT_EQ(send.results[0].value, static_cast<int>(bytes.size()));
  EXPECT_EQ(got, bytes);
}

// Feature stable_submit: header and pieces are needed until the enter only.
TEST_F(Operations, AGatheredSendNeedsItsHeaderUntilSubmitOnly) {
  SocketPair pair(AF_INET);
  const auto bytes = pattern(std::size_t{4} << 20);
  Recorder send;
  {
    auto pieces = std::make_unique<std::array<iovec, 2>>();
    auto header = std::make_unique<msghdr>();
    (*pieces)[0] = {const_cast<std::byte*>(bytes.data()), 1000};
    (*pieces)[1] = {const_cast<std::byte*>(bytes.data()) + 1000, bytes.size() - 1000};
    header->msg_iov = pieces->data();
    header->msg_iovlen = pieces->size();
    ring::prepare_send_gathered(ring().require_sqe(send.completion), file(pair.fds[0]), *header);
    ring().enter({});
    pieces->fill({});
    *header = {};
  }
  std::vector<std::byte> got;
  std::thread reader([&] { got = read_exactly(pair.fds[1], bytes.size()); });
  finish(send);
  reader.join();
  EXPECT_EQ(send.results[0].value, static_cast<int>(bytes.size()));
  EXPECT_EQ(got, bytes);
}

TEST_F(Operations, ASendToAClosedPeerIsAnErrorAndNoSignal) {
  SocketPair pair;
  ::close(std::exchange(pair.fds[1], -1));
  const auto bytes = pattern(10);
  Recorder send;
  ring::prepare_send(ring().require_sqe(send.completion), file(pair.fds[0]), bytes);
  finish(send);
  EXPECT_EQ(send.results[0].value, -EPIPE);
}

// The result comes first, with F_MORE; the notification frees the memory. On loopback the kernel reports that it copied.
TEST_F(Operations, AZeroCopySendEndsWithItsNotification) {
  if (!ring().features().has(ring::Feature::zero_copy_report)) GTEST_SKIP() << "this kernel does not report usage";
  SocketPair pair(AF_INET);
  const auto bytes = pattern(20'000);
  Recorder send;
  ring::Sqe& sqe = ring().require_sqe(send.completion);
  ring::prepare_send_zero_copy(sqe, file(pair.fds[0]), bytes, ring::UsageReport::without);
  sqe.ioprio |= IORING_SEND_ZC_REPORT_USAGE;
  turn_until([&] { return !send.results.empty(); });
  EXPECT_EQ(read_exactly(pair.fds[1], bytes.size()), bytes);
  finish(send);
  ASSERT_EQ(send.results.size(), 2u);
  EXPECT_EQ(send.results[0].value, 20'000);
  EXPECT_TRUE(send.results[0].more());
  EXPECT_TRUE(send.results[1].is_notification());
  EXPECT_EQ(static_cast<std::uint32_t>(send.results[1].value), 0x80000000u);
}

TEST_F(Operations, UnixSocketsRefuseZeroCopy) {
  SocketPair pair(AF_UNIX);
  const auto bytes = pattern(20'000);
  Recorder send;
  ring::prepare_send_zero_copy(ring().require_sqe(send.completion), file(pair.fds[0]), bytes, ring::UsageReport::without);
  finish(send);
  EXPECT_EQ(send.results[0].value, -EOPNOTSUPP);
}

class Listening {
 public:
  Listening() : fd_(std::move(*sys::claim_listen_socket(*sys::SocketAddress::parse_ip("127.0.0.1", 0)))) {}

  int fd() const { return fd_.value(); }

  sys::Fd connect() const {
    const auto bound = sys::SocketAddress::bound_to(fd_.value());
    sys::Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(client.value(), bound->data(), bound->bytes()), 0);
    return client;
  }

 private:
  sys::Fd fd_;
};

TEST_F(Operations, AMultishotAcceptStaysArmedUntilCancelled) {
  const Listening listening;
  Recorder accept;
  ring::prepare_accept_multishot(ring().require_sqe(accept.completion), file(listening.fd()), ring::AcceptInto::descriptors);
  const sys::Fd first = listening.connect();
  const sys::Fd second = listening.connect();
  turn_until([&] { return accept.results.size() == 2; });
  for (const ring::IoResult& result : accept.results) {
    EXPECT_GE(result.value, 0);
    EXPECT_TRUE(result.more());
    EXPECT_NE(::fcntl(result.value, F_GETFD) & FD_CLOEXEC, 0);
    ::close(result.value);
  }
  Recorder cancel;
  ring::prepare_cancel(ring().require_sqe(cancel.completion), accept.completion);
  finish(accept);
  finish(cancel);
  EXPECT_EQ(accept.results.back().value, -ECANCELED);
  EXPECT_EQ(cancel.results[0].value, 0);
}

// EMFILE ends a multishot accept; the client stays in the backlog and a new accept gets it. While no descriptor is to be had, no member
// of the test is called: UndefinedBehaviorSanitizer opens a pipe to look at an object's type, and reports one that it cannot look at.
TEST_F(Operations, AMultishotAcceptEndsOnTooManyFiles) {
  ring::Ring& here = ring();
  const Listening listening;
  const sys::Fd client = listening.connect();
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const int lowest = ::dup(0);
  ::close(lowest);
  const rlimit none{static_cast<rlim_t>(lowest), before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  Recorder accept;
  ring::prepare_accept_multishot(here.require_sqe(accept.completion), file(listening.fd()), ring::AcceptInto::descriptors);
  ring_test::turn_until(here, [&] { return !accept.completion.in_flight(); });
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(accept.results[0].value, -EMFILE);
  EXPECT_FALSE(accept.results[0].more());
  Recorder again;
  ring::prepare_accept(ring().require_sqe(again.completion), file(listening.fd()), ring::AcceptInto::descriptors);
  finish(again);
  EXPECT_GE(again.results[0].value, 0);
  ::close(again.results[0].value);
}

TEST_F(Operations, CancellingWhatHasEndedFindsNothing) {
  Recorder nop;
  ring::prepare_nop(ring().require_sqe(nop.completion));
  finish(nop);
  Recorder cancel;
  ring::prepare_cancel(ring().require_sqe(cancel.completion), nop.completion);
  finish(cancel);
  EXPECT_EQ(cancel.results[0].value, -ENOENT);
}

// The trap that the teardown order exists for: close(2) alone leaves the receive pending and sends no FIN; shutdown(2) ends both.
TEST_F(Operations, CloseUnderAReceiveIsSilentAndShutdownIsNot) {
  SocketPair pair(AF_INET);
  std::array<std::byte, 16> into{};
  Recorder receive;
  ring::prepare_receive(ring().require_sqe(receive.completion), file(pair.fds[0]), into);
  ring().enter({});
  const int kept = ::dup(pair.fds[0]);  // only to be able to shut down what the test has closed
  ::close(std::exchange(pair.fds[0], -1));
  ring().enter({.wait_count = 1, .timeout = std::chrono::milliseconds(50)});
  EXPECT_TRUE(ring().reap().empty());
  pollfd peer{pair.fds[1], POLLIN, 0};
  EXPECT_EQ(::poll(&peer, 1, 0), 0) << "the peer has seen an end";
  ::shutdown(kept, SHUT_RDWR);
  finish(receive);
  EXPECT_EQ(receive.results[0].value, 0);
  EXPECT_EQ(::poll(&peer, 1, 1000), 1);
  ::close(kept);
}

TEST_F(Operations, CloseAndShutdown) {
  SocketPair pair(AF_INET);
  Recorder shutdown;
  ring::prepare_shutdown(ring().require_sqe(shutdown.completion), file(pair.fds[0]), SHUT_WR);
  finish(shutdown);
  EXPECT_EQ(shutdown.results[0].value, 0);
  char byte = 0;
  EXPECT_EQ(::read(pair.fds[1], &byte, 1), 0);
  Recorder close;
  const int fd = std::exchange(pair.fds[0], -1);
  ring::prepare_close(ring().require_sqe(close.completion), file(fd));
  finish(close);
  EXPECT_EQ(close.results[0].value, 0);
  EXPECT_EQ(::fcntl(fd, F_GETFD), -1);
}

TEST_F(Operations, ReadOfAnEvent) {
  const sys::Fd event(::eventfd(0, EFD_CLOEXEC));
  std::uint64_t value = 0;
  Recorder read;
  ring::prepare_read(ring().require_sqe(read.completion), file(event.value()), std::as_writable_bytes(std::span(&value, 1)));
  backend.signal_event(event.value());
  finish(read);
  EXPECT_EQ(read.results[0].value, 8);
  EXPECT_EQ(value, 1u);
}

TEST_F(Operations, AMessageReachesAnAdoptedCompletionOfAnotherRing) {
  if (!ring().features().has(ring::Feature::message_ring)) GTEST_SKIP() << "this kernel has no ring messages";
  ring::IoUringBackend other_backend;
  auto other = ring::Ring::open(other_backend, {});
  ASSERT_TRUE(other);
  ASSERT_TRUE(other->enable());
  Recorder messages;
  other->adopt(messages.completion);
  for (std::uint32_t value : {7u, 8u}) {
    ring::Sqe& sqe = ring().require_sqe();
    ring::prepare_message_ring(sqe, other->fd(), messages.completion, value);
    sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
  }
  ring().enter({});
  while (messages.results.size() < 2) {
    other->enter({.wait_count = 1, .timeout = std::chrono::seconds(10)});
    const auto batch = other->reap();
    ASSERT_FALSE(batch.empty());
    for (const ring::Cqe& cqe : batch) other->dispatch(cqe);
  }
  EXPECT_EQ(messages.results[0].value, 7);
  EXPECT_EQ(messages.results[1].value, 8);
  EXPECT_TRUE(ring().reap().empty()) << "a skipped success was reported";
  other->retire(messages.completion);
}

}  // namespace
}  // namespace ring_test
