#include "corering/sys/resolve.h"

#include <gtest/gtest.h>

namespace {

using corering::sys::resolve;

TEST(Resolve, FindsTheMachineItself) {
  const auto found = resolve("localhost", 7007);
  ASSERT_TRUE(found) << found.error().text;
  ASSERT_FALSE(found->empty());
  for (const auto& address : *found) {
    EXPECT_TRUE(address.is_loopback()) << address.text();
    EXPECT_EQ(address.port(), 7007);
  }
}

TEST(Resolve, TakesNumericAddressesToo) {
  const auto found = resolve("192.0.2.7", 80);
  ASSERT_TRUE(found) << found.error().text;
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front().text(), "192.0.2.7:80");
}

// Whatever the name servers of the machine say, or if there is none: an error that names the host.
TEST(Resolve, NamesWhatItDoesNotFind) {
  const auto found = resolve("no-such-host.invalid", 80);
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().text.find("'no-such-host.invalid'"), std::string::npos) << found.error().text;
}

}  // namespace
