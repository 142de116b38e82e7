#include "corering/mem/guarded_copy.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <thread>
#include <vector>

namespace {

using corering::base::MutableBytes;
using corering::mem::install_bus_guard;
using corering::mem::try_guarded_copy;

const std::size_t kPage = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

// Two mapped pages of a file, of which the second is not there any more.
class HalfAFile {
 public:
  HalfAFile() : fd_(::memfd_create("half", MFD_CLOEXEC)) {
    EXPECT_EQ(::ftruncate(fd_, static_cast<off_t>(2 * kPage)), 0);
    void* address = ::mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    EXPECT_NE(address, MAP_FAILED);
    first_ = static_cast<std::byte*>(address);
    std::memset(first_, 'a', 2 * kPage);
    EXPECT_EQ(::ftruncate(fd_, static_cast<off_t>(kPage)), 0);
  }
  HalfAFile(const HalfAFile&) = delete;
  HalfAFile& operator=(const HalfAFile&) = delete;
  ~HalfAFile() {
    ::munmap(first_, 2 * kPage);
    ::close(fd_);
  }

  MutableBytes bytes() const { return {first_, 2 * kPage}; }
  std::byte* missing() const { return first_ + kPage; }
  // What any program would die of.
  void touch_missing() const { *static_cast<volatile std::byte*>(missing()) = std::byte{1}; }

 private:
  int fd_;
  std::byte* first_ = nullptr;
};

// The sanitizers have handlers of their own, which report and exit.
bool is_bus_death(int status) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return WIFEXITED(status) && WEXITSTATUS(status) != 0;
#else
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS;
#endif
}

void set_action(void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action{};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;
  sigaddset(&action.sa_mask, SIGUSR1);
  ::sigaction(SIGBUS, &action, nullptr);
}

void set_handler(void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  ::sigaction(SIGBUS, &action, nullptr);
}

class GuardedCopy : public testing::Test {
 protected:
  GuardedCopy() { install_bus_guard(); }
};

TEST_F(GuardedCopy, CopiesWhatIsThere) {
  const HalfAFile file;
  std::vector<std::byte> bytes(kPage);
  EXPECT_TRUE(try_guarded_copy(bytes.data(), file.bytes().data(), kPage, file.bytes()));
  EXPECT_TRUE(std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{'a'}; }));
  std::ranges::fill(bytes, std::byte{'b'});
  EXPECT_TRUE(try_guarded_copy(file.bytes().data(), bytes.data(), kPage, file.bytes()));
  EXPECT_EQ(file.bytes()[kPage - 1], std::byte{'b'});
  EXPECT_TRUE(try_guarded_copy(nullptr, nullptr, 0, file.bytes()));
}

// Often, because a signal that stayed blocked or a stack that was not left would show the second time only.
TEST_F(GuardedCopy, RefusesWhatIsNotThereAgainAndAgain) {
  const HalfAFile file;
  std::vector<std::byte> bytes(2 * kPage);
  for (int round = 0; round < 1'000; ++round) {
    ASSERT_FALSE(try_guarded_copy(bytes.data(), file.bytes().data(), 2 * kPage, file.bytes()));
    ASSERT_FALSE(try_guarded_copy(file.missing(), bytes.data(), 1, file.bytes()));
    ASSERT_TRUE(try_guarded_copy(bytes.data(), file.missing() - 1, 1, file.bytes()));
  }
  sigset_t mask;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGBUS), 0);
}

TEST_F(GuardedCopy, LeavesAnAlternateStack) {
  std::thread([] {
    std::vector<std::byte> memory(std::size_t{256} << 10);
    const stack_t ours{.ss_sp = memory.data(), .ss_flags = 0, .ss_size = memory.size()};
    stack_t kept;
    ASSERT_EQ(::sigaltstack(&ours, &kept), 0);
    const HalfAFile file;
    std::byte byte{};
    for (int round = 0; round < 100; ++round) ASSERT_FALSE(try_guarded_copy(&byte, file.missing(), 1, file.bytes()));
    stack_t now;
    ASSERT_EQ(::sigaltstack(&kept, &now), 0);
    EXPECT_EQ(now.ss_flags & SS_ONSTACK, 0);
  }).join();
}

TEST_F(GuardedCopy, ThreadsFailEachForItself) {
  const HalfAFile file;
  std::vector<std::jthread> threads;
  for (int index = 0; index < 4; ++index) {
    threads.emplace_back([&file, index] {
      std::byte byte{};
      for (int round = 0; round < 500; ++round) {
        const bool missing = (index + round) % 2 == 0;
        const std::byte* from = missing ? file.missing() : file.bytes().data();
        ASSERT_EQ(try_guarded_copy(&byte, from, 1, file.bytes()), !missing);
      }
    });
  }
}

using GuardedCopyDeathTest = GuardedCopy;

TEST_F(GuardedCopyDeathTest, OtherAccessesStillKill) {
  EXPECT_EXIT(HalfAFile().touch_missing(), is_bus_death, "");
  EXPECT_EXIT(
      {
        const HalfAFile file;
        std::byte byte{};
        if (try_guarded_copy(&byte, file.missing(), 1, file.bytes())) _exit(3);
        file.touch_missing();  // a guard must not outlive its copy
      },
      is_bus_death, "");
}

TEST_F(GuardedCopyDeathTest, ACopyMayNotFailOutsideOfItsMapping) {
  EXPECT_EXIT(
      {
        const HalfAFile file;
        const HalfAFile other;
        std::byte byte{};
        static_cast<void>(try_guarded_copy(&byte, other.missing(), 1, file.bytes()));
      },
      is_bus_death, "");
}

TEST_F(GuardedCopyDeathTest, ASignalThatIsSentStillKills) { EXPECT_EXIT(::raise(SIGBUS), is_bus_death, ""); }

// These start the program anew for the death, because the guard takes over only once in a process.
class GuardedCopyChainDeathTest : public testing::Test {
 protected:
  GuardedCopyChainDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(GuardedCopyChainDeathTest, AnEarlierHandlerGetsWhatIsNotOurs) {
  static const std::byte* volatile touched = nullptr;  // the handler reads it
  EXPECT_EXIT(
      {
        set_action([](int signal, siginfo_t* info, void* context) {
          sigset_t mask;
          ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
          const bool masked = sigismember(&mask, SIGBUS) == 1 && sigismember(&mask, SIGUSR1) == 1;
          _exit(signal == SIGBUS && info->si_addr == touched && context != nullptr && masked ? 42 : 43);
        });
        install_bus_guard();
        const HalfAFile file;
        std::byte byte{};
        if (try_guarded_copy(&byte, file.missing(), 1, file.bytes())) _exit(3);
        touched = file.missing();
        file.touch_missing();
      },
      testing::ExitedWithCode(42), "");
}

TEST_F(GuardedCopyChainDeathTest, AnEarlierHandlerOfTheOldKindToo) {
  EXPECT_EXIT(
      {
        set_handler([](int signal) { _exit(signal == SIGBUS ? 42 : 43); });
        install_bus_guard();
        HalfAFile().touch_missing();
      },
      testing::ExitedWithCode(42), "");
}

TEST_F(GuardedCopyChainDeathTest, AnEarlierHandlerReturnsToWhereItWas) {
  EXPECT_EXIT(
      {
        set_handler([](int) {});
        install_bus_guard();
        ::raise(SIGBUS);
        sigset_t mask;
        ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
        _exit(sigismember(&mask, SIGBUS) == 0 ? 42 : 43);
      },
      testing::ExitedWithCode(42), "");
}

TEST_F(GuardedCopyChainDeathTest, IgnoredBeforeMeansIgnoredWhenSentAndDeathWhenMeant) {
  const auto killed = [](int status) { return WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS; };
  EXPECT_EXIT(
      {
        set_handler(SIG_IGN);
        install_bus_guard();
        ::raise(SIGBUS);
        HalfAFile().touch_missing();
      },
      killed, "");
  EXPECT_EXIT(
      {
        set_handler(SIG_IGN);
        install_bus_guard();
        ::raise(SIGBUS);
        _exit(42);
      },
      testing::ExitedWithCode(42), "");
}

TEST_F(GuardedCopyChainDeathTest, TheDefaultBeforeIsTheDefaultAfter) {
  const auto killed = [](int status) { return WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS; };
  EXPECT_EXIT(
      {
        set_handler(SIG_DFL);
        install_bus_guard();
        HalfAFile().touch_missing();
      },
      killed, "");
  EXPECT_EXIT(
      {
        set_handler(SIG_DFL);
        install_bus_guard();
        ::raise(SIGBUS);
      },
      killed, "");
}

}  // namespace
