#include "corering/sys/signals.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <thread>

namespace {

namespace sys = corering::sys;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""h;

// Puts the signal mask back: later tests and their children inherit it.
class Signals : public testing::Test {
 protected:
  Signals() { ::pthread_sigmask(SIG_BLOCK, nullptr, &kept_); }
  ~Signals() override {
    while (sys::wait_for_signal({SIGUSR1, SIGUSR2}, 0ms)) {
    }
    ::pthread_sigmask(SIG_SETMASK, &kept_, nullptr);
  }

 private:
  sigset_t kept_{};
};

bool is_blocked(int signal) {
  sigset_t mask;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  return sigismember(&mask, signal) == 1;
}

TEST_F(Signals, ABlockedSignalWaitsUntilItIsAskedFor) {
  sys::block_signals({SIGUSR1, SIGUSR2});
  ::raise(SIGUSR2);  // would end the process
  EXPECT_EQ(sys::wait_for_signal({SIGUSR1, SIGUSR2}, 1h), SIGUSR2);
}

TEST_F(Signals, OnlyTheSignalsAskedForAreTaken) {
  sys::block_signals({SIGUSR1, SIGUSR2});
  ::raise(SIGUSR1);
  EXPECT_EQ(sys::wait_for_signal({SIGUSR2}, 1ms), std::nullopt);
  EXPECT_EQ(sys::wait_for_signal({SIGUSR1}, 1h), SIGUSR1);
  EXPECT_EQ(sys::wait_for_signal({SIGUSR1}, 0ms), std::nullopt);
}

TEST_F(Signals, BlockingAddsToWhatIsBlockedAndIsInherited) {
  sys::block_signals({SIGUSR1});
  sys::block_signals({SIGUSR2});
  std::jthread([] { EXPECT_TRUE(is_blocked(SIGUSR1) && is_blocked(SIGUSR2)); }).join();
  EXPECT_FALSE(is_blocked(SIGTERM));
}

}  // namespace
