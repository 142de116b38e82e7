#include "corering/base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace {

using corering::base::Error;
using corering::base::ErrorCode;
using corering::base::failure;
using corering::base::Result;

Result<std::unique_ptr<int>> open(int value) {
  if (value < 0) return failure({ErrorCode::forbidden, 13, "opening: forbidden"});
  return std::make_unique<int>(value);
}

// The usual form: a caller that returns another type passes the error on.
Result<std::string> describe(int value) {
  auto opened = open(value);
  if (!opened) return failure(std::move(opened.error()));
  return std::to_string(**opened);
}

Result<> check(int value) {
  if (auto described = describe(value); !described) return failure(std::move(described.error()));
  return {};
}

TEST(Result, CarriesWhatCanOnlyBeMoved) {
  auto opened = open(7);
  ASSERT_TRUE(opened.has_value());
  const std::unique_ptr<int> owned = std::move(*opened);
  EXPECT_EQ(*owned, 7);
}

TEST(Result, AnErrorPassesThroughResultsOfOtherTypesUnchanged) {
  const auto described = describe(-1);
  ASSERT_FALSE(described.has_value());
  EXPECT_EQ(described.error().code, ErrorCode::forbidden);
  EXPECT_EQ(described.error().os_error, 13);
  EXPECT_EQ(described.error().text, "opening: forbidden");
  EXPECT_EQ(check(-1).error().text, "opening: forbidden");
}

TEST(Result, WithoutAValueIsASuccessByDefault) {
  EXPECT_TRUE(Result<>().has_value());
  EXPECT_TRUE(check(1).has_value());
}

// A failed string is not a string, whatever converts to what.
TEST(Result, AnErrorIsNeverTakenForAValue) {
  EXPECT_FALSE(Result<bool>(failure({})).has_value());
  EXPECT_FALSE(Result<std::string>(failure({ErrorCode::system, 0, "text"})).has_value());
}

}  // namespace
