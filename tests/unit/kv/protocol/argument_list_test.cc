#include "kv/protocol/argument_list.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kv::protocol {
namespace {

TEST(ArgumentList, GrowsBeyondItsInlinePlacesAndKeepsTheOrder) {
  ArgumentList list;
  std::vector<std::string> texts;
  for (int i = 0; i < 1000; ++i) texts.push_back(std::to_string(i));
  for (const std::string& text : texts) list.push_back(text);
  ASSERT_EQ(list.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(list[i], texts[i]);
  EXPECT_EQ(std::vector<std::string>(list.begin(), list.end()), texts);
}

TEST(ArgumentList, GivesAHugeRequestsMemoryBackWhenItIsCleared) {
  ArgumentList list;
  const std::string_view* const inline_places = list.places();
  for (std::size_t i = 0; i <= ArgumentList::kKeptCount; ++i) list.push_back("x");
  EXPECT_NE(list.places(), inline_places);
  list.clear();
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.places(), inline_places);
  for (std::size_t i = 0; i < 2 * ArgumentList::kInlineCount; ++i) list.push_back("y");
  EXPECT_EQ(list[2 * ArgumentList::kInlineCount - 1], "y");
}

TEST(ArgumentList, KeepsAFewForTheNextRequest) {
  ArgumentList list;
  list.reserve(ArgumentList::kKeptCount);
  const std::string_view* const places = list.places();
  list.push_back("x");
  list.clear();
  EXPECT_EQ(list.places(), places);
}

}  // namespace
}  // namespace kv::protocol
