#include "kv/protocol/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace kv::protocol {
namespace {

TEST(Glob, Literals) {
  EXPECT_TRUE(matches_glob("key", "key"));
  EXPECT_FALSE(matches_glob("key", "ke"));
  EXPECT_FALSE(matches_glob("key", "keys"));
  EXPECT_FALSE(matches_glob("key", "Key"));
  EXPECT_TRUE(matches_glob("", ""));
  EXPECT_FALSE(matches_glob("*", ""));
}

TEST(Glob, StarsAndQuestionMarks) {
  EXPECT_TRUE(matches_glob("*", "x"));
  EXPECT_TRUE(matches_glob("h*o", "ho"));
  EXPECT_TRUE(matches_glob("h*o", "hello"));
  EXPECT_TRUE(matches_glob("h**l*", "hello"));
  EXPECT_FALSE(matches_glob("h*x", "hello"));
  EXPECT_TRUE(matches_glob("h?llo", "hallo"));
  EXPECT_FALSE(matches_glob("h?llo", "hllo"));
  EXPECT_TRUE(matches_glob("*a*b*", "xaxxb"));
  EXPECT_FALSE(matches_glob("*ab", "abx"));
  EXPECT_TRUE(matches_glob("*ab", "aab"));
}

TEST(Glob, Classes) {
  EXPECT_TRUE(matches_glob("h[ae]llo", "hallo"));
  EXPECT_FALSE(matches_glob("h[ae]llo", "hillo"));
  EXPECT_TRUE(matches_glob("h[^e]llo", "hallo"));
  EXPECT_FALSE(matches_glob("h[^e]llo", "hello"));
  EXPECT_TRUE(matches_glob("[a-c]", "b"));
  EXPECT_TRUE(matches_glob("[c-a]", "b"));
  EXPECT_FALSE(matches_glob("[a-c]", "d"));
  EXPECT_TRUE(matches_glob("[\\]]", "]"));
  EXPECT_TRUE(matches_glob("[ab", "b"));
  EXPECT_FALSE(matches_glob("[]", "]"));
  EXPECT_TRUE(matches_glob("[^]", "]"));
  EXPECT_FALSE(matches_glob("[a-]", "-"));  // a range from a to ], and then no end
}

TEST(Glob, Escapes) {
  EXPECT_TRUE(matches_glob("\\*", "*"));
  EXPECT_FALSE(matches_glob("\\*", "x"));
  EXPECT_TRUE(matches_glob("a\\", "a\\"));
  EXPECT_TRUE(matches_glob("\\\\", "\\"));
}

TEST(Glob, CaseCanBeIgnored) {
  EXPECT_TRUE(matches_glob("MAX*", "maxmemory", Case::ignored));
  EXPECT_TRUE(matches_glob("[A-C]x", "bX", Case::ignored));
  EXPECT_FALSE(matches_glob("MAX*", "maxmemory"));
}

// What would take a matcher that tries every star again longer than the universe lasts.
TEST(Glob, ManyStarsTakeNoTime) {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) pattern += "a*";
  EXPECT_FALSE(matches_glob(pattern + "b", std::string(50'000, 'a')));
  EXPECT_TRUE(matches_glob(pattern, std::string(50'000, 'a')));
}

TEST(Glob, KnowsLiterals) {
  EXPECT_TRUE(is_literal_glob("user:1"));
  for (const std::string_view pattern : {"a*", "a?", "[a]", "\\a"}) EXPECT_FALSE(is_literal_glob(pattern)) << pattern;
}

}  // namespace
}  // namespace kv::protocol
