#include "corering/runtime/stack_trace.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <semaphore>
#include <thread>

namespace stack_trace_test {

using namespace corering;

std::atomic<bool> is_wanted{false};

// Found by its name; never inlined, and the caller has something to do after it.
[[gnu::noinline]] void spin_here_until_told() {
  while (is_wanted.load(std::memory_order_relaxed)) {
  }
}

namespace {

constexpr base::Duration kPatience = std::chrono::seconds(5);
const int kSignal = SIGRTMIN + 4;

class StackTrace : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(runtime::install_stack_capture(kSignal)); }
};

TEST_F(StackTrace, TellsWhereAnotherThreadIs) {
  is_wanted = true;
  std::atomic<pid_t> id{0};
  std::jthread other([&] {
    id = ::gettid();
    spin_here_until_told();
    id = 0;
  });
  while (id == 0) std::this_thread::yield();
  std::string text;
  // Until it has got from saying who it is to where it spins.
  while (text.find("spin_here_until_told") == std::string::npos) {
    const auto stack = runtime::capture_stack(id, kSignal, kPatience);
    ASSERT_FALSE(stack.empty());
    text = runtime::describe_stack(stack);
  }
  is_wanted = false;
  EXPECT_NE(text.find("\n  #0 "), std::string::npos) << text;
}

TEST_F(StackTrace, OfAThreadThatBlocksTheSignalIsEmptyAndComesLateToNobody) {
  std::atomic<pid_t> id{0};
  std::binary_semaphore unblock(0);
  std::binary_semaphore unblocked(0);
  std::atomic<bool> finished{false};
  std::jthread deaf([&] {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, kSignal);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    id = ::gettid();
    unblock.acquire();
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);  // the signal comes in here
    unblocked.release();
    // The thread sanitizer holds signals back until a call that it knows to block.
    while (!finished) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  while (id == 0) std::this_thread::yield();
  EXPECT_TRUE(runtime::capture_stack(id, kSignal, std::chrono::milliseconds(20)).empty());
  unblock.release();
  unblocked.acquire();
  EXPECT_FALSE(runtime::capture_stack(id, kSignal, kPatience).empty());
  finished = true;
}

TEST_F(StackTrace, OfNoThreadIsEmpty) {
  pid_t gone = 0;
  std::thread([&] { gone = ::gettid(); }).join();
  EXPECT_TRUE(runtime::capture_stack(gone, kSignal, kPatience).empty());
  EXPECT_EQ(runtime::describe_stack({}), "");
}

}  // namespace
}  // namespace stack_trace_test
