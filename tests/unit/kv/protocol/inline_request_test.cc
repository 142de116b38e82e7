#include "kv/protocol/inline_request.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace kv::protocol {
namespace {

using Words = std::optional<std::vector<std::string>>;

Words split(std::string_view line) {
  ArgumentList arguments;
  std::string unquoted(line.size(), '#');
  if (split_inline(line, arguments, unquoted.data()) == Quotes::unbalanced) {
    EXPECT_TRUE(arguments.empty());
    return std::nullopt;
  }
  return std::vector<std::string>(arguments.begin(), arguments.end());
}

Words words(std::initializer_list<std::string> texts) { return std::vector<std::string>(texts); }

TEST(InlineRequest, SplitsAtBlanks) {
  EXPECT_EQ(split(""), words({}));
  EXPECT_EQ(split(" \t \r"), words({}));
  EXPECT_EQ(split("PING"), words({"PING"}));
  EXPECT_EQ(split("  set\tkey   value "), words({"set", "key", "value"}));
  EXPECT_EQ(split("a\vb \vc"), words({"a\vb", "c"}));
}

TEST(InlineRequest, DoubleQuotesKnowEscapes) {
  EXPECT_EQ(split(R"(set "a b" "")"), words({"set", "a b", ""}));
  EXPECT_EQ(split(R"("\n\r\t\b\a\\\"\q")"), words({"\n\r\t\b\a\\\"q"}));
  EXPECT_EQ(split(R"("\x41\xfF\x00")"), words({std::string("A\xff\0", 3)}));
  EXPECT_EQ(split(R"("\xg1\x1")"), words({"xg1x1"}));
  EXPECT_EQ(split(R"("it's")"), words({"it's"}));
}

TEST(InlineRequest, SingleQuotesKnowOnlyThemselves) {
  EXPECT_EQ(split(R"('a\nb' 'it\'s' '')"), words({R"(a\nb)", "it's", ""}));
  EXPECT_EQ(split(R"('say "x"')"), words({R"(say "x")"}));
}

TEST(InlineRequest, AQuoteWithinAWordContinuesIt) { EXPECT_EQ(split(R"(a"b c" d'e f')"), words({"ab c", "de f"})); }

TEST(InlineRequest, UnbalancedQuotes) {
  for (const std::string_view line : {R"(")", R"(')", R"("a)", R"('a)", R"("a\")", R"('a\')", R"("a"b)", R"('a'b)", R"("a""b")",
                                      R"(x "\)", R"(good "bad)", R"("\x4)"}) {
    EXPECT_EQ(split(line), std::nullopt) << line;
  }
}

TEST(InlineRequest, WordsWithoutQuotesAreViewsOfTheLine) {
  const std::string line = "get key";
  ArgumentList arguments;
  ASSERT_EQ(split_inline(line, arguments, nullptr), Quotes::balanced);
  EXPECT_EQ(arguments[1].data(), line.data() + 4);
}

}  // namespace
}  // namespace kv::protocol
