#include "corering/sys/thread.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace sys_test {
namespace {

using corering::base::ErrorCode;
using corering::sys::Thread;

TEST(Thread, RunsItsBodyAndIsJoined) {
  std::atomic<int> value{0};
  {
    auto thread = Thread::start([&] { value = 7; });
    ASSERT_TRUE(thread) << thread.error().text;
  }
  EXPECT_EQ(value, 7);
}

TEST(Thread, MovesAndJoinsOnce) {
  std::atomic<int> count{0};
  auto first = Thread::start([&] { ++count; });
  ASSERT_TRUE(first);
  Thread second = std::move(*first);
  Thread third;
  third = std::move(second);
  third.join();
  third.join();
  EXPECT_EQ(count, 1);
}

// In a child process, because the limit holds for the whole user, and root has none.
void exit_with_the_error_of_a_refused_thread() {
  constexpr uid_t kUserWithoutProcesses = 64'123;
  if (::geteuid() == 0 && ::setresuid(kUserWithoutProcesses, kUserWithoutProcesses, kUserWithoutProcesses) != 0) std::_Exit(3);
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_NPROC, &none) != 0) std::_Exit(4);
  const auto thread = Thread::start([] {});
  if (thread) std::_Exit(5);
  std::fputs(thread.error().text.c_str(), stderr);
  std::_Exit(thread.error().code == ErrorCode::limit_too_low ? 0 : 6);
}

TEST(ThreadDeathTest, ARefusedThreadIsAnError) {
  EXPECT_EXIT(exit_with_the_error_of_a_refused_thread(), ::testing::ExitedWithCode(0), "another thread.*ulimit -u");
}

}  // namespace
}  // namespace sys_test
