#include "corering/flow/turn_work.h"

#include <vector>

#include "flow_core.h"

namespace flow_test {
namespace {

class TurnWork : public FlowCore {
 protected:
  void piece() {
    in_turn_.push_back(core().counters().turns.value());
    if (in_turn_.size() < pieces_) work_.schedule();
  }

  std::size_t pieces_ = 1;
  std::vector<std::uint64_t> in_turn_;
  flow::TurnWork work_ = flow::TurnWork::to<&TurnWork::piece>(core(), this);
};

TEST_F(TurnWork, RunsOnceForEachSchedule) {
  work_.schedule();
  work_.schedule();
  EXPECT_TRUE(work_.is_scheduled());
  turns(3);
  EXPECT_EQ(in_turn_.size(), 1u);
  EXPECT_FALSE(work_.is_scheduled());
}

TEST_F(TurnWork, OnePieceInATurnHoweverOftenItIsScheduled) {
  pieces_ = 5;
  work_.schedule();
  turns(8);
  ASSERT_EQ(in_turn_.size(), 5u);
  for (std::size_t piece = 1; piece < 5; ++piece) EXPECT_EQ(in_turn_[piece], in_turn_[piece - 1] + 1);
}

TEST_F(TurnWork, SomebodyElseOfTheSameTurnBringsNoSecondPiece) {
  struct Again {
    void run() { work.schedule(); }
    flow::TurnWork& work;
    sched::Runnable runnable = sched::Runnable::to<&Again::run>(this);
  } again{work_};
  work_.schedule();
  core().ready().push(again.runnable);
  turns(1);
  EXPECT_EQ(in_turn_.size(), 1u);
  EXPECT_TRUE(work_.is_scheduled());
  turns(1);
  EXPECT_EQ(in_turn_.size(), 2u);
}

TEST_F(TurnWork, CancelledItDoesNotRun) {
  work_.schedule();
  work_.cancel();
  turns(2);
  EXPECT_TRUE(in_turn_.empty());
  work_.schedule();
  turns(1);
  work_.schedule();  // waits for the flush phase
  work_.cancel();
  turns(2);
  EXPECT_EQ(in_turn_.size(), 1u);
}

}  // namespace
}  // namespace flow_test
