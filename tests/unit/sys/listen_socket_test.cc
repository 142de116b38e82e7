#include "corering/sys/listen_socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

using corering::base::ErrorCode;
using corering::sys::claim_listen_socket;
using corering::sys::Fd;
using corering::sys::open_sibling_listen_socket;
using corering::sys::SocketAddress;

SocketAddress any_port(const char* host = "127.0.0.1") { return *SocketAddress::parse_ip(host, 0); }

Fd connect_to(const SocketAddress& address) {
  Fd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.value(), address.data(), address.bytes()) != 0) return {};
  return fd;
}

// A connection that waits to be accepted, or none.
Fd accept_waiting(const Fd& listener) {
  pollfd waiting{listener.value(), POLLIN, 0};
  if (::poll(&waiting, 1, 0) != 1) return {};
  return Fd(::accept4(listener.value(), nullptr, nullptr, SOCK_CLOEXEC));
}

int option_of(const Fd& fd, int level, int option) {
  int value = -1;
  socklen_t bytes = sizeof(value);
  EXPECT_EQ(::getsockopt(fd.value(), level, option, &value, &bytes), 0);
  return value;
}

// Accepted connections inherit the bound; the kernel doubles it for its own overhead.
TEST(ListenSocket, BoundsWhatTheKernelKeepsForClients) {
  const auto first = claim_listen_socket(any_port(), {.send_bytes = 65'536});
  ASSERT_TRUE(first);
  const auto sibling = open_sibling_listen_socket(*SocketAddress::bound_to(first->value()), {.send_bytes = 65'536});
  ASSERT_TRUE(sibling);
  for (const auto* listener : {&*first, &*sibling}) {
    int bytes = 0;
    socklen_t length = sizeof(bytes);
    ASSERT_EQ(::getsockopt(listener->value(), SOL_SOCKET, SO_SNDBUF, &bytes, &length), 0);
    EXPECT_EQ(bytes, 2 * 65'536);
  }
}

TEST(ListenSocket, ListensAtOnceOnAPortOfTheKernelsChoice) {
  const auto listener = claim_listen_socket(any_port());
  ASSERT_TRUE(listener.has_value());
  const auto address = SocketAddress::bound_to(listener->value());
  ASSERT_TRUE(address.has_value());
  EXPECT_NE(address->port(), 0);
  EXPECT_TRUE(connect_to(*address));
  EXPECT_TRUE(accept_waiting(*listener));
}

TEST(ListenSocket, ListensOnIpv6) {
  const auto listener = claim_listen_socket(any_port("::1"));
  if (!listener) GTEST_SKIP() << listener.error().text;
  EXPECT_TRUE(connect_to(*SocketAddress::bound_to(listener->value())));
  EXPECT_TRUE(accept_waiting(*listener));
}

// Two servers on one address would share its clients, and nobody would notice.
TEST(ListenSocket, AnAddressIsClaimedOnce) {
  const auto first = claim_listen_socket(any_port());
  ASSERT_TRUE(first.has_value());
  const auto address = SocketAddress::bound_to(first->value());
  const auto second = claim_listen_socket(*address);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::address_in_use);
  EXPECT_NE(second.error().text.find(address->text()), std::string::npos) << second.error().text;
  EXPECT_NE(second.error().text.find("--port"), std::string::npos) << second.error().text;
}

TEST(ListenSocket, AnAddressWithSiblingsIsClaimedOnceToo) {
  auto first = claim_listen_socket(any_port());
  const auto address = SocketAddress::bound_to(first->value());
  const auto sibling = open_sibling_listen_socket(*address);
  ASSERT_TRUE(sibling.has_value());
  EXPECT_EQ(claim_listen_socket(*address).error().code, ErrorCode::address_in_use);
  {
    const Fd dies = std::move(*first);
  }
  EXPECT_EQ(claim_listen_socket(*address).error().code, ErrorCode::address_in_use);
}

TEST(ListenSocket, SiblingsShareThePortAndTheKernelSpreadsConnectionsToAll) {
  constexpr int kConnections = 200;
  std::vector<Fd> listeners;
  listeners.push_back(std::move(*claim_listen_socket(any_port())));
  const auto address = SocketAddress::bound_to(listeners[0].value());
  for (int count = 0; count < 2; ++count) {
    auto sibling = open_sibling_listen_socket(*address);
    ASSERT_TRUE(sibling.has_value()) << sibling.error().text;
    EXPECT_EQ(SocketAddress::bound_to(sibling->value())->port(), address->port());
    listeners.push_back(std::move(*sibling));
  }
  std::vector<Fd> clients;
  for (int count = 0; count < kConnections; ++count) {
    clients.push_back(connect_to(*address));
    ASSERT_TRUE(clients.back());
  }
  int accepted = 0;
  for (const Fd& listener : listeners) {
    int share = 0;
    while (accept_waiting(listener)) ++share;
    EXPECT_GT(share, 0);
    accepted += share;
  }
  EXPECT_EQ(accepted, kConnections);
}

TEST(ListenSocket, AClosedAddressIsFreeAgainDespiteConnectionsInTimeWait) {
  SocketAddress address = any_port();
  {
    const auto listener = claim_listen_socket(address);
    address = *SocketAddress::bound_to(listener->value());
    const Fd client = connect_to(address);
    {
      const Fd closes_first = accept_waiting(*listener);
    }
  }
  EXPECT_TRUE(claim_listen_socket(address).has_value());
}

TEST(ListenSocket, AcceptedSocketsInheritNodelay) {
  auto claimed = claim_listen_socket(any_port());
  const auto address = SocketAddress::bound_to(claimed->value());
  auto sibling = open_sibling_listen_socket(*address);
  int accepted_count = 0;
  std::vector<Fd> clients;
  for (int count = 0; count < 32; ++count) clients.push_back(connect_to(*address));
  for (const Fd* listener : {&*claimed, &*sibling}) {
    for (Fd accepted; (accepted = accept_waiting(*listener)); ++accepted_count) {
      EXPECT_EQ(option_of(accepted, IPPROTO_TCP, TCP_NODELAY), 1);
    }
  }
  EXPECT_EQ(accepted_count, 32);
}

TEST(ListenSocket, ChildProcessesDoNotInheritIt) {
  const auto claimed = claim_listen_socket(any_port());
  const auto sibling = open_sibling_listen_socket(*SocketAddress::bound_to(claimed->value()));
  for (const auto* listener : {&claimed, &sibling}) EXPECT_EQ(::fcntl((*listener)->value(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST(ListenSocket, AForeignAddressIsRefusedWithItsName) {
  const auto listener = claim_listen_socket(*SocketAddress::parse_ip("192.0.2.1", 0));  // TEST-NET-1: nobody has it
  ASSERT_FALSE(listener.has_value());
  EXPECT_EQ(listener.error().code, ErrorCode::system);
  EXPECT_NE(listener.error().text.find("192.0.2.1"), std::string::npos) << listener.error().text;
}

class UnixListenSocket : public testing::Test {
 protected:
  UnixListenSocket() {
    std::string pattern = testing::TempDir() + "corering_XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ + "/listen.sock";
    address_ = *SocketAddress::parse_unix(path_);
  }
  ~UnixListenSocket() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
  std::string path_;
  SocketAddress address_;
};

TEST_F(UnixListenSocket, AcceptsConnections) {
  const auto listener = claim_listen_socket(address_);
  ASSERT_TRUE(listener.has_value());
  EXPECT_TRUE(connect_to(address_));
  EXPECT_TRUE(accept_waiting(*listener));
}

TEST_F(UnixListenSocket, ReplacesTheFileOfAServerThatDied) {
  {
    const auto dies = claim_listen_socket(address_);
    ASSERT_TRUE(dies.has_value());
  }
  ASSERT_TRUE(std::filesystem::is_socket(path_));
  const auto listener = claim_listen_socket(address_);
  ASSERT_TRUE(listener.has_value()) << listener.error().text;
  EXPECT_TRUE(connect_to(address_));
  EXPECT_TRUE(accept_waiting(*listener));
}

TEST_F(UnixListenSocket, LeavesALiveServerAlone) {
  const auto live = claim_listen_socket(address_);
  const auto second = claim_listen_socket(address_);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::address_in_use);
  EXPECT_NE(second.error().text.find("--unix_socket"), std::string::npos) << second.error().text;
  EXPECT_TRUE(connect_to(address_));
}

// connect(2) to a file that is no socket is ECONNREFUSED as well: that alone is no reason to delete it.
TEST_F(UnixListenSocket, NeverRemovesWhatIsNoSocket) {
  std::ofstream(path_) << "precious";
  const auto listener = claim_listen_socket(address_);
  EXPECT_FALSE(listener.has_value());
  std::string content;
  std::ifstream(path_) >> content;
  EXPECT_EQ(content, "precious");
}

// Connecting fails here as well, but not because nobody is there.
TEST_F(UnixListenSocket, LeavesALiveSocketOfAnotherKindAlone) {
  const Fd datagrams(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(datagrams.value(), address_.data(), address_.bytes()), 0);
  EXPECT_FALSE(claim_listen_socket(address_).has_value());
  EXPECT_TRUE(std::filesystem::is_socket(path_));
}

// A live server that is too busy to accept must not make a second one wait for its turn.
TEST_F(UnixListenSocket, IsRefusedAtOnceByALiveServerWithAFullBacklog) {
  const Fd busy(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(busy.value(), address_.data(), address_.bytes()), 0);
  ASSERT_EQ(::listen(busy.value(), 0), 0);
  const Fd fills_the_backlog = connect_to(address_);
  EXPECT_EXIT(
      {
        ::alarm(10);  // a child that hangs is killed by SIGALRM
        const auto listener = claim_listen_socket(address_);
        std::_Exit(!listener && listener.error().code == ErrorCode::address_in_use ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
  EXPECT_TRUE(std::filesystem::is_socket(path_));
}

TEST_F(UnixListenSocket, AFolderThatIsMissingIsAnErrorThatNamesThePath) {
  const std::string path = folder_ + "/missing/listen.sock";
  const auto listener = claim_listen_socket(*SocketAddress::parse_unix(path));
  ASSERT_FALSE(listener.has_value());
  EXPECT_NE(listener.error().text.find(path), std::string::npos) << listener.error().text;
}

}  // namespace
