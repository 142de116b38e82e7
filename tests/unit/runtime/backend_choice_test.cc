#include "corering/runtime/backend_choice.h"

#include <gtest/gtest.h>

namespace {

using corering::base::ErrorCode;
using corering::runtime::BackendChoice;
using corering::runtime::parse_backend;

TEST(BackendChoice, KnowsItsNamesAndListsThemToWhoDoesNot) {
  EXPECT_EQ(parse_backend("auto"), BackendChoice::automatic);
  EXPECT_EQ(parse_backend("io_uring"), BackendChoice::io_uring);
  for (const std::string_view name : {"", "Auto", "iouring", "io_uring "}) {
    const auto choice = parse_backend(name);
    ASSERT_FALSE(choice.has_value()) << name;
    EXPECT_EQ(choice.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(choice.error().text.find("auto or io_uring"), std::string::npos) << choice.error().text;
  }
}

TEST(BackendChoice, MakesABackEndOfItsOwnForEachCore) {
  const auto make = corering::runtime::backend_factory(BackendChoice::automatic);
  const auto first = make();
  const auto second = make();
  ASSERT_TRUE(first && second);
  EXPECT_NE(first, second);
}

}  // namespace
