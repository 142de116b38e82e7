#include "corering/sys/socket_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "corering/sys/fd.h"

namespace {

using corering::base::ErrorCode;
using corering::sys::Fd;
using corering::sys::SocketAddress;

TEST(SocketAddress, IsWhatTheKernelExpectsForIpv4) {
  const auto address = SocketAddress::parse_ip("127.0.0.1", 7007);
  ASSERT_TRUE(address.has_value());
  ASSERT_EQ(address->family(), AF_INET);
  ASSERT_EQ(address->bytes(), sizeof(sockaddr_in));
  sockaddr_in raw{};
  std::memcpy(&raw, address->data(), sizeof(raw));
  EXPECT_EQ(raw.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
  EXPECT_EQ(raw.sin_port, htons(7007));
}

TEST(SocketAddress, IsWhatTheKernelExpectsForIpv6) {
  const auto address = SocketAddress::parse_ip("::1", 7007);
  ASSERT_TRUE(address.has_value());
  ASSERT_EQ(address->family(), AF_INET6);
  ASSERT_EQ(address->bytes(), sizeof(sockaddr_in6));
  sockaddr_in6 raw{};
  std::memcpy(&raw, address->data(), sizeof(raw));
  EXPECT_TRUE(IN6_IS_ADDR_LOOPBACK(&raw.sin6_addr));
  EXPECT_EQ(raw.sin6_port, htons(7007));
}

TEST(SocketAddress, KnowsLoopbackAndItsOwnHost) {
  for (const char* loopback : {"127.0.0.1", "127.255.0.3", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(SocketAddress::parse_ip(loopback, 1)->is_loopback()) << loopback;
  }
  for (const char* other : {"128.0.0.1", "10.0.0.1", "::", "::2", "::ffff:10.0.0.1"}) {
    EXPECT_FALSE(SocketAddress::parse_ip(other, 1)->is_loopback()) << other;
  }
  const auto here = *SocketAddress::parse_ip("192.0.2.1", 1);
  EXPECT_TRUE(here.has_host_of(*SocketAddress::parse_ip("192.0.2.1", 2)));
  EXPECT_FALSE(here.has_host_of(*SocketAddress::parse_ip("192.0.2.2", 1)));
  EXPECT_FALSE(here.has_host_of(*SocketAddress::parse_ip("::ffff:192.0.2.1", 1)));
  EXPECT_TRUE(SocketAddress::parse_ip("2001:db8::1", 1)->has_host_of(*SocketAddress::parse_ip("2001:db8::1", 2)));
  EXPECT_FALSE(SocketAddress::parse_unix("/tmp/a")->has_host_of(*SocketAddress::parse_unix("/tmp/a")));
}

TEST(SocketAddress, AZeroByteIsRefused) {
  using namespace std::string_view_literals;
  EXPECT_FALSE(SocketAddress::parse_ip("127.0.0.1\0evil"sv, 1));
  EXPECT_FALSE(SocketAddress::parse_unix("/tmp/a\0b"sv));
}

TEST(SocketAddress, TextsAreUnambiguous) {
  EXPECT_EQ(SocketAddress::parse_ip("0.0.0.0", 1)->text(), "0.0.0.0:1");
  EXPECT_EQ(SocketAddress::parse_ip("255.255.255.255", 65535)->text(), "255.255.255.255:65535");
  EXPECT_EQ(SocketAddress::parse_ip("::", 80)->text(), "[::]:80");
  EXPECT_EQ(SocketAddress::parse_ip("2001:0DB8:0:0:0:0:0:1", 443)->text(), "[2001:db8::1]:443");
  const std::string longest = "1111:2222:3333:4444:5555:6666:7777:8888";
  EXPECT_EQ(SocketAddress::parse_ip(longest, 65535)->text(), "[" + longest + "]:65535");
  EXPECT_EQ(SocketAddress::parse_unix("/run/echo.sock")->text(), "/run/echo.sock");
}

TEST(SocketAddress, TakesNumbersOnlyAndNamesWhatItFound) {
  for (const std::string host :
       {"", "localhost", "127.1", "256.0.0.1", " 127.0.0.1", "127.0.0.1 ", "1.2.3.4:80", "[::1]", "::g", ":::"}) {
    const auto address = SocketAddress::parse_ip(host, 1);
    ASSERT_FALSE(address.has_value()) << host;
    EXPECT_EQ(address.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(address.error().text.find(std::string(1, '\'').append(host) + '\''), std::string::npos) << address.error().text;
  }
}

TEST(SocketAddress, ReadsNotBeyondTheViewItIsGiven) {
  EXPECT_EQ(SocketAddress::parse_ip(std::string_view("127.0.0.123").substr(0, 9), 5)->text(), "127.0.0.1:5");
  EXPECT_EQ(SocketAddress::parse_unix(std::string_view("/tmp/ab").substr(0, 6))->text(), "/tmp/a");
}

TEST(SocketAddress, AUnixPathHasOneTo107Bytes) {
  const std::string longest(107, 'x');
  const auto address = SocketAddress::parse_unix(longest);
  ASSERT_TRUE(address.has_value());
  EXPECT_TRUE(address->is_unix());
  EXPECT_EQ(address->unix_path(), longest);
  EXPECT_EQ(address->port(), 0);
  for (const std::string& path : {std::string(), longest + 'x', std::string(10'000, 'x')}) {
    const auto refused = SocketAddress::parse_unix(path);
    ASSERT_FALSE(refused.has_value()) << path.size();
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(refused.error().text.find(std::to_string(path.size())), std::string::npos) << refused.error().text;
  }
}

// Through the kernel and back, with a port of its choice.
TEST(SocketAddress, BoundToAsksTheKernel) {
  for (const char* host : {"127.0.0.1", "::1"}) {
    const auto wish = SocketAddress::parse_ip(host, 0);
    const Fd fd(::socket(wish->family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::bind(fd.value(), wish->data(), wish->bytes()) != 0) GTEST_SKIP() << "no " << host << " on this machine";
    const auto bound = SocketAddress::bound_to(fd.value());
    ASSERT_TRUE(bound.has_value());
    EXPECT_NE(bound->port(), 0);
    EXPECT_EQ(bound->text(), SocketAddress::parse_ip(host, bound->port())->text());
    EXPECT_EQ(bound->bytes(), wish->bytes());
  }
}

TEST(SocketAddress, BoundToGivesAUnixPathBack) {
  const std::string path = testing::TempDir() + "corering_address_" + std::to_string(::getpid());
  const auto wish = SocketAddress::parse_unix(path);
  const Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(fd.value(), wish->data(), wish->bytes()), 0);
  EXPECT_EQ(SocketAddress::bound_to(fd.value())->unix_path(), path);
  ::unlink(path.c_str());
}

TEST(SocketAddress, BoundToSomethingThatIsNoSocketIsAnError) {
  const auto bound = SocketAddress::bound_to(STDIN_FILENO + 1'000'000);
  ASSERT_FALSE(bound.has_value());
  EXPECT_EQ(bound.error().code, ErrorCode::system);
}

}  // namespace
