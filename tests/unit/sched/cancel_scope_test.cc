#include "corering/sched/cancel_scope.h"

#include <gtest/gtest.h>

#include <string>

namespace {

using corering::sched::CancelScope;
using corering::sched::CancelWait;

class Wait {
 public:
  Wait(std::string& trace, char name) : trace_(trace), name_(name) {}

  operator CancelWait&() { return wait_; }
  bool try_join(CancelScope& scope) { return wait_.try_join(scope); }
  void leave() { wait_.leave(); }

 private:
  void on_cancel() { trace_ += name_; }

  std::string& trace_;
  char name_;
  CancelWait wait_ = CancelWait::to<&Wait::on_cancel>(this);
};

class CancelScopeTest : public testing::Test {
 protected:
  std::string trace_;
  CancelScope outer_;
  CancelScope inner_{&outer_};
  Wait a_{trace_, 'a'}, b_{trace_, 'b'};
};

TEST_F(CancelScopeTest, EndsTheWaitsInItAndBelowIt) {
  EXPECT_TRUE(a_.try_join(outer_));
  EXPECT_TRUE(b_.try_join(inner_));
  outer_.cancel();
  EXPECT_EQ(trace_, "ab");
  EXPECT_TRUE(inner_.is_cancelled());
  outer_.cancel();
  EXPECT_EQ(trace_, "ab");
}

TEST_F(CancelScopeTest, LeavesAloneWhatIsAboveIt) {
  EXPECT_TRUE(a_.try_join(outer_));
  EXPECT_TRUE(b_.try_join(inner_));
  inner_.cancel();
  EXPECT_EQ(trace_, "b");
  EXPECT_FALSE(outer_.is_cancelled());
}

TEST_F(CancelScopeTest, AWaitThatHasLeftIsNotEnded) {
  EXPECT_TRUE(a_.try_join(inner_));
  EXPECT_TRUE(b_.try_join(inner_));
  a_.leave();
  a_.leave();
  outer_.cancel();
  EXPECT_EQ(trace_, "b");
}

TEST_F(CancelScopeTest, NobodyJoinsACancelledScope) {
  outer_.cancel();
  EXPECT_FALSE(a_.try_join(inner_));
  const CancelScope late(&outer_);
  EXPECT_TRUE(late.is_cancelled());
}

TEST_F(CancelScopeTest, AClosedScopeIsOutOfReach) {
  EXPECT_TRUE(a_.try_join(inner_));
  inner_.close();
  outer_.cancel();
  EXPECT_EQ(trace_, "");
  a_.leave();
}

}  // namespace
