#include "corering/ring/ring.h"

#include <array>
#include <thread>

#include "real_ring.h"

namespace ring_test {
namespace {

class Ring : public RealRing {};

TEST_F(Ring, ReportsAnOperationToItsOwner) {
  Recorder recorder;
  ring::prepare_nop(ring().require_sqe(recorder.completion));
  EXPECT_TRUE(recorder.completion.in_flight());
  EXPECT_EQ(ring().in_flight(), 1u);
  finish(recorder);
  ASSERT_EQ(recorder.results.size(), 1u);
  EXPECT_EQ(recorder.results[0].value, 0);
  EXPECT_EQ(ring().in_flight(), 0u);
}

// With deferred task running a completion that needs task work appears only inside enter: an enter that does not wait must
// collect it, too.
TEST_F(Ring, AnEnterWithoutWaitingCollectsCompletions) {
  SocketPair pair;
  std::array<std::byte, 8> into{};
  Recorder receive;
  ring::prepare_receive(ring().require_sqe(receive.completion), file(pair.fds[0]), into);
  ring().enter({});
  EXPECT_TRUE(ring().reap().empty());
  ASSERT_EQ(::write(pair.fds[1], "12345678", 8), 8);
  ring().enter({});
  const auto batch = ring().reap();
  ASSERT_EQ(batch.size(), 1u);
  ring().dispatch(batch[0]);
  EXPECT_EQ(receive.results[0].value, 8);
}

// What low work gives way to: a result that waits inside the kernel for the next enter is news, too, and asking is no system call.
TEST_F(Ring, HasNewsAsSoonAsTheKernelHas) {
  SocketPair pair;
  std::array<std::byte, 8> into{};
  Recorder receive;
  ring::prepare_receive(ring().require_sqe(receive.completion), file(pair.fds[0]), into);
  ring().enter({});
  EXPECT_FALSE(ring().has_news());
  ASSERT_EQ(::write(pair.fds[1], "12345678", 8), 8);
  EXPECT_TRUE(ring().has_news());
  ring().enter({});
  EXPECT_TRUE(ring().has_completions());
  EXPECT_TRUE(ring().has_news());
  const auto batch = ring().reap();
  ring().dispatch(batch);
  EXPECT_EQ(receive.results.size(), 1u);
  EXPECT_FALSE(ring().has_news());
}

TEST_F(Ring, AWaitEndsAtItsTimeout) {
  ring().enter({.wait_count = 1, .timeout = std::chrono::milliseconds(1)});
  EXPECT_TRUE(ring().reap().empty());
}

// min_wait: what is there after the minimum wait is enough, although more was hoped for.
TEST_F(Ring, AMinimumWaitSettlesForLess) {
  if (!ring().features().has(ring::Feature::min_wait)) GTEST_SKIP() << "this kernel has no minimum wait";
  Recorder recorder;
  ring::prepare_nop(ring().require_sqe(recorder.completion));
  ring().enter({.wait_count = 8, .timeout = std::chrono::seconds(60), .min_wait = std::chrono::microseconds(100)});
  const auto batch = ring().reap();
  ASSERT_EQ(batch.size(), 1u);
  ring().dispatch(batch[0]);
}

TEST_F(Ring, AnotherThreadMayNotEnter) {
  if ((ring().setup_flags() & IORING_SETUP_SINGLE_ISSUER) == 0) GTEST_SKIP() << "this kernel does not know single issuers";
  int result = 0;
  const auto fd = static_cast<unsigned>(ring().fd());
  std::thread([&] { result = io_uring_enter(fd, 0, 0, IORING_ENTER_GETEVENTS, nullptr); }).join();
  EXPECT_EQ(result, -EEXIST);
}

class SmallRing : public RealRing {
 protected:
  SmallRing() : RealRing({.submission_entries = 4, .completion_entries = 8}) {}
};

// More operations than either queue holds: nothing is lost, and the ring says that it overflowed.
TEST_F(SmallRing, FullQueuesLoseNothing) {
  std::array<Recorder, 100> recorders;
  for (Recorder& recorder : recorders) ring::prepare_nop(ring().require_sqe(recorder.completion));
  EXPECT_GT(ring().counters().extra_enters.value(), 0u);
  turn_until([&] { return ring().in_flight() == 0; });
  for (const Recorder& recorder : recorders) EXPECT_EQ(recorder.results.size(), 1u);
  EXPECT_GT(ring().counters().overflows.value(), 0u);
  EXPECT_EQ(ring().counters().submitted.value(), recorders.size());
}

// A chain that would not fit is not split: its members reach the kernel in one submission and run in order.
TEST_F(SmallRing, AChainGoesInOneSubmission) {
  std::array<Recorder, 3> fillers;
  std::array<Recorder, 3> chain;
  for (Recorder& filler : fillers) ring::prepare_nop(ring().require_sqe(filler.completion));
  ring().require_chain(3);
  EXPECT_EQ(ring().counters().submitted.value(), fillers.size());
  int closed = ::dup(0);
  for (std::size_t index = 0; index < chain.size(); ++index) {
    ring::Sqe& sqe = ring().require_sqe(chain[index].completion);
    // The first link fails, so the rest of the chain is cancelled: seen only if the kernel got it as a chain.
    if (index == 0) {
      std::array<std::byte, 1> into{};
      ring::prepare_receive(sqe, file(closed), into);
    } else {
      ring::prepare_nop(sqe);
    }
    if (index + 1 < chain.size()) sqe.flags |= IOSQE_IO_LINK;
  }
  EXPECT_EQ(ring().counters().extra_enters.value(), 1u);
  turn_until([&] { return ring().in_flight() == 0; });
  ::close(closed);
  EXPECT_TRUE(chain[0].results[0].failed());
  EXPECT_EQ(chain[1].results[0].value, -ECANCELED);
  EXPECT_EQ(chain[2].results[0].value, -ECANCELED);
}

using RingDeathTest = Ring;

TEST_F(RingDeathTest, AnOperationNeedsAFreeCompletion) {
  EXPECT_DEATH(
      {
        Recorder recorder;
        ring::prepare_nop(ring().require_sqe(recorder.completion));
        ring().require_sqe(recorder.completion);
      },
      "in flight");
}

TEST_F(RingDeathTest, AnOwnerMayNotDieBeforeItsCompletion) {
  EXPECT_DEATH(
      {
        Recorder recorder;
        ring::prepare_nop(ring().require_sqe(recorder.completion));
      },
      "destroyed while the kernel holds it");
}

}  // namespace
}  // namespace ring_test
