#include "corering/sched/ready_queue.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

namespace {

using corering::sched::Priority;
using corering::sched::ReadyQueue;
using corering::sched::Rounds;
using corering::sched::Runnable;

// Runs at most `count_max`, as the scheduler does; returns how many.
std::size_t run(ReadyQueue& queue, std::size_t count_max) {
  Rounds rounds;
  std::size_t count = 0;
  for (; count < count_max && !queue.empty(); ++count) queue.run_next(rounds.take(queue.mask()));
  return count;
}

// Writes its name when it runs, and then does what the test says.
class Job {
 public:
  Job(std::string& trace, char name, Priority priority = Priority::normal)
      : trace_(trace), name_(name), runnable_(Runnable::to<&Job::run>(this, priority)) {}

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
  Runnable runnable_;
};

class ReadyQueueTest : public testing::Test {
 protected:
  std::string trace_;
  Job a_{trace_, 'a'}, b_{trace_, 'b'}, c_{trace_, 'c'};
  ReadyQueue queue_;
};

TEST_F(ReadyQueueTest, RunsInTheOrderOfBecomingReady) {
  for (Job* job : {&b_, &c_, &a_}) queue_.push(*job);
  EXPECT_EQ(run(queue_, 100), 3u);
  EXPECT_EQ(trace_, "bca");
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(run(queue_, 100), 0u);
}

TEST_F(ReadyQueueTest, PushedTwiceItRunsOnceAtItsFirstPlace) {
  queue_.push(a_);
  queue_.push(b_);
  queue_.push(a_);
  EXPECT_EQ(run(queue_, 100), 2u);
  EXPECT_EQ(trace_, "ab");
}

TEST_F(ReadyQueueTest, RunsNoMoreThanAllowedAndKeepsTheRest) {
  for (Job* job : {&a_, &b_, &c_}) queue_.push(*job);
  EXPECT_EQ(run(queue_, 0), 0u);
  EXPECT_EQ(run(queue_, 2), 2u);
  EXPECT_EQ(trace_, "ab");
  EXPECT_FALSE(queue_.empty());
  EXPECT_EQ(run(queue_, 2), 1u);
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
  EXPECT_EQ(run(queue_, 7), 7u);
  EXPECT_EQ(trace_, "abababa");
  queue_.remove(a_);
  queue_.remove(b_);
}

TEST_F(ReadyQueueTest, ARemovedOneDoesNotRun) {
  for (Job* job : {&a_, &b_, &c_}) queue_.push(*job);
  queue_.remove(b_);
  EXPECT_FALSE(b_.is_queued());
  queue_.remove(b_);
  run(queue_, 100);
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
  EXPECT_EQ(run(queue_, 100), 3u);
  EXPECT_EQ(trace_, "acb");
}

TEST_F(ReadyQueueTest, AJobMayDestroyItselfWhileItRuns) {
  auto job = std::make_unique<Job>(trace_, 'x');
  job->then([&job] { job.reset(); });
  queue_.push(*job);
  queue_.push(a_);
  EXPECT_EQ(run(queue_, 100), 2u);
  EXPECT_EQ(job, nullptr);
  EXPECT_EQ(trace_, "xa");
}

TEST_F(ReadyQueueTest, KeepsPrioritiesApart) {
  Job urgent(trace_, 'u', Priority::urgent), high(trace_, 'h', Priority::high), low(trace_, 'l', Priority::low);
  for (Job* job : {&low, &a_, &high, &b_, &urgent}) queue_.push(*job);
  EXPECT_EQ(queue_.mask(), 0b1111);
  EXPECT_EQ(run(queue_, 100), 5u);
  EXPECT_EQ(trace_, "uhabl");
  EXPECT_EQ(queue_.mask(), 0);
}

TEST_F(ReadyQueueTest, TheMaskForgetsAPriorityWithItsLastJob) {
  Job low(trace_, 'l', Priority::low), lower(trace_, 'm', Priority::low);
  queue_.push(low);
  queue_.push(lower);
  queue_.remove(low);
  EXPECT_EQ(queue_.mask(), 0b1000);
  queue_.remove(lower);
  EXPECT_EQ(queue_.mask(), 0);
  EXPECT_TRUE(queue_.empty());
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
