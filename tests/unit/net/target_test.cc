#include "corering/net/target.h"

#include <gtest/gtest.h>

namespace {

using corering::net::Target;

TEST(Target, ReadsAddressesNamesAndPaths) {
  for (const char* text : {"192.0.2.1:80", "[2001:db8::1]:443", "unix:/tmp/some.sock"}) {
    const auto target = Target::parse(text);
    ASSERT_TRUE(target) << text;
    EXPECT_NE(target->address(), nullptr) << text;
    EXPECT_EQ(target->text(), text);
  }
  const auto named = Target::parse("cache.example.org:6379");
  ASSERT_TRUE(named);
  EXPECT_EQ(named->address(), nullptr);
  EXPECT_EQ(named->name().host, "cache.example.org");
  EXPECT_EQ(named->name().port, 6379);
  EXPECT_EQ(named->text(), "cache.example.org:6379");
}

TEST(Target, RefusesWhatIsNone) {
  for (const char* text : {"", "host", ":80", "host:", "host:0", "host:65536", "host:-1", "host:80x", "2001:db8::1:443",
                           "[host]:80", "[]:80", "ho st:80", "http://host:80", "unix:"}) {
    const auto target = Target::parse(text);
    ASSERT_FALSE(target) << text;
    EXPECT_EQ(target.error().code, corering::base::ErrorCode::invalid_argument);
  }
  EXPECT_FALSE(Target::parse(std::string(254, 'a') + ":80"));
  EXPECT_FALSE(Target::parse(std::string_view("a\0b:80", 6)));
}

}  // namespace
