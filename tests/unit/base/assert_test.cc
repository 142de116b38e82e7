#include "corering/base/assert.h"

#include <gtest/gtest.h>

namespace {

TEST(AssertDeathTest, SaysWhatItMeansWhatWasAssertedAndWhere) {
  const int in_flight = 1;
  EXPECT_DEATH(CORERING_ASSERT(in_flight == 0, "the kernel still holds it"),
               "assertion failed: the kernel still holds it \\(in_flight == 0\\) at .*assert_test\\.cc:[0-9]+");
}

// The state of NDEBUG does not matter: a release build must not serve wrong bytes either.
TEST(Assert, EvaluatesItsExpressionExactlyOnce) {
  int evaluations = 0;
  CORERING_ASSERT(++evaluations == 1, "counted");
  EXPECT_EQ(evaluations, 1);
}

}  // namespace
