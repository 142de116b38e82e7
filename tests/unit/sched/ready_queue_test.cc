#include "corering/sched/ready_queue.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

namespace {

using corering::sched::ReadyQueue;
using corering::sched::Runnable;

// Writes its name when it runs, and then does what the test says.
class Job {
 public:
  Job(std::string& trace, char name) : trace_(trace), name_(name) {}

  void then(std::function<void()> action) { then_ = std::move(action); }
  operator Runnable&() { return runnable_; }
  bool is_queued() const { return runnable_.is_queued(); }

 private:
  void run() {
    trace_ += name_;
    if (const auto action = then_) action();  // a copy: the action may destroy this job
  }

  std::string& trace_;
  char name_;
  std::function<void()> then_;
  Runnable runnable_ = Runnable::to<&Job::run>(this);
};

class ReadyQueueTest : public testing::Test {
 protected:
  std::string trace_;
  Job a_{trace_, 'a'}, b_{trace_, 'b'}, c_{trace_, 'c'};
  ReadyQueue queue_;
};

TEST_F(ReadyQueueTest, RunsInTheOrderOfBecomingReady) {
  for (Job* job : {&b_, &c_, &a_}) queue_.push(*job);
  EXPECT_EQ(queue_.run(100), 3u);
  EXPECT_EQ(trace_, "bca");
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(queue_.run(100), 0u);
}

TEST_F(ReadyQueueTest, PushedTwiceItRunsOnceAtItsFirstPlace) {
  queue_.push(a_);
  queue_.push(b_);
  queue_.push(a_);
  EXPECT_EQ(queue_.run(100), 2u);
  EXPECT_EQ(trace_, "ab");
}

TEST_F(ReadyQueueTest, RunsNoMoreThanAllowedAndKeepsTheRest) {
  for (Job* job : {&a_, &b_, &c_}) queue_.push(*job);
  EXPECT_EQ(queue_.run(0), 0u);
  EXPECT_EQ(queue_.run(2), 2u);
  EXPECT_EQ(trace_, "ab");
  EXPECT_FALSE(queue_.empty());
  EXPECT_EQ(queue_.run(2), 1u);
  EXPECT_EQ(trace_, "abc");
}

// A job that always has more to do must neither keep the loop from its I/O nor others from running.
TEST_F(ReadyQueueTest, AJobThatPushesItselfTakesTurnsWithOthers) {
  for (Job* job : {&a_, &b_}) {
    job->then([this, job] {
      if (trace_.size() < 100) queue_.push(*job);
    });
    queue_.push(*job);
  }
  EXPECT_EQ(queue_.run(7), 7u);
  EXPECT_EQ(trace_, "abababa");
  queue_.remove(a_);
  queue_.remove(b_);
}

TEST_F(ReadyQueueTest, ARemovedOneDoesNotRun) {
  for (Job* job : {&a_, &b_, &c_}) queue_.push(*job);
  queue_.remove(b_);
  EXPECT_FALSE(b_.is_queued());
  queue_.remove(b_);
  queue_.run(100);
  EXPECT_EQ(trace_, "ac");
}

TEST_F(ReadyQueueTest, AJobMayRemoveOthersAndPushNewOnesWhileItRuns) {
  a_.then([this] {
    queue_.remove(b_);
    queue_.push(c_);
    queue_.push(b_);
  });
  queue_.push(a_);
  queue_.push(b_);
  EXPECT_EQ(queue_.run(100), 3u);
  EXPECT_EQ(trace_, "acb");
}

TEST_F(ReadyQueueTest, AJobMayDestroyItselfWhileItRuns) {
  auto job = std::make_unique<Job>(trace_, 'x');
  job->then([&job] { job.reset(); });
  queue_.push(*job);
  queue_.push(a_);
  EXPECT_EQ(queue_.run(100), 2u);
  EXPECT_EQ(job, nullptr);
  EXPECT_EQ(trace_, "xa");
}

TEST_F(ReadyQueueTest, AQueueThatDiesLetsItsJobsGo) {
  {
    ReadyQueue dies;
    dies.push(a_);
  }
  EXPECT_FALSE(a_.is_queued());
  EXPECT_EQ(trace_, "");
}

TEST(ReadyQueueDeathTest, AJobMustNotDieWhileItIsQueued) {
  EXPECT_DEATH(
      {
        std::string trace;
        ReadyQueue queue;
        Job job(trace, 'a');
        queue.push(job);
      },
      "destroyed while it is still in a list");
}

}  // namespace
