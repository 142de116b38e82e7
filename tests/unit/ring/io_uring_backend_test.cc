#include "corering/ring/io_uring_backend.h"

#include <sys/syscall.h>

#include <bit>
#include <thread>

#include "real_ring.h"

namespace ring_test {
namespace {

TEST(SetupLadder, StepsDownOneFlagGroupAtATime) {
  const auto ladder = ring::setup_ladder();
  ASSERT_GE(ladder.size(), 4u);
  EXPECT_TRUE(ladder.front() & IORING_SETUP_DEFER_TASKRUN);
  EXPECT_TRUE(ladder.front() & IORING_SETUP_SINGLE_ISSUER);
  EXPECT_EQ(ladder.back(), 0u);
  const auto flags_used = [](std::uint32_t rung) { return std::popcount(rung & ~(IORING_SETUP_COOP_TASKRUN)); };
  for (std::size_t rung = 1; rung < ladder.size(); ++rung) EXPECT_LT(flags_used(ladder[rung]), flags_used(ladder[rung - 1]));
}

// Each rung is one that the kernel takes: a set of flags that contradict each other would make the ladder skip it silently.
TEST(SetupLadder, EveryRungWorksHere) {
  for (const std::uint32_t rung : ring::setup_ladder()) {
    io_uring_params parameters{};
    parameters.flags = rung;
    const long fd = ::syscall(SYS_io_uring_setup, 8, &parameters);
    EXPECT_GE(fd, 0) << "flags " << rung;
    if (fd >= 0) ::close(static_cast<int>(fd));
  }
}

// liburing 2.3 overwrites the ring header when it is given these.
TEST(SetupLadder, AvoidsFlagsThatLiburing23Breaks) {
  constexpr std::uint32_t kNoMmap = 1U << 14;
  constexpr std::uint32_t kNoSqArray = 1U << 16;
  constexpr std::uint32_t kMixedCqes = 1U << 18;
  for (const std::uint32_t rung : ring::setup_ladder()) EXPECT_EQ(rung & (kNoMmap | kNoSqArray | kMixedCqes), 0u);
}

TEST(SetupOptions, TheCompletionQueueIsSeveralTimesTheSubmissionQueue) {
  const ring::SetupOptions options;
  EXPECT_GE(options.completion_entries, options.submission_entries * 4);
  EXPECT_LE(options.completion_entries, options.submission_entries * 8);
}

TEST(IoUringBackend, AnEventIsOpenedAndClosed) {
  ring::IoUringBackend backend;
  auto event = backend.open_event();
  ASSERT_TRUE(event);
  backend.close_fd(*event);
  EXPECT_EQ(::close(*event), -1);
}

// The thread that opens a ring need not be the one that uses it.
TEST(IoUringBackend, IsOpenedHereAndUsedThere) {
  ring::IoUringBackend backend;
  auto opened = ring::Ring::open(backend, {});
  ASSERT_TRUE(opened);
  std::size_t reaped = 0;
  std::thread([&] {
    ASSERT_TRUE(opened->enable());
    Recorder recorder;
    ring::prepare_nop(opened->require_sqe(recorder.completion));
    opened->enter({.wait_count = 1});
    for (const ring::Cqe& cqe : opened->reap()) {
      opened->dispatch(cqe);
      ++reaped;
    }
  }).join();
  EXPECT_EQ(reaped, 1u);
}

}  // namespace
}  // namespace ring_test
