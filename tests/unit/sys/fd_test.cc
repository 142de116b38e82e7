#include "corering/sys/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

namespace {

using corering::sys::Fd;

Fd open_something() { return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(Fd, ClosesWhenItDies) {
  int number = -1;
  {
    const Fd fd = open_something();
    number = fd.value();
    ASSERT_TRUE(fd);
    ASSERT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(Fd, OwnsNothingByDefaultOrAfterAFailedOpen) {
  EXPECT_FALSE(Fd());
  EXPECT_FALSE(Fd(::open("/no/such/file", O_RDONLY)));
}

// Zero is a descriptor like any other: daemons start with stdin closed.
TEST(Fd, OwnsDescriptorZeroToo) {
  EXPECT_EXIT(
      {
        ::close(STDIN_FILENO);
        const bool owned = static_cast<bool>(open_something());
        std::_Exit(owned && !is_open(STDIN_FILENO) ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(Fd, MovesWithoutClosing) {
  Fd first = open_something();
  const int number = first.value();
  Fd second = std::move(first);
  EXPECT_FALSE(first);
  EXPECT_EQ(second.value(), number);
  EXPECT_TRUE(is_open(number));
}

TEST(Fd, AssignedOverItClosesWhatItHadAtTheLatestWithTheOther) {
  Fd kept = open_something();
  const int lost_number = kept.value();
  {
    Fd other = open_something();
    const int other_number = other.value();
    kept = std::move(other);
    EXPECT_EQ(kept.value(), other_number);
    EXPECT_TRUE(is_open(other_number));
  }
  EXPECT_FALSE(is_open(lost_number));
  EXPECT_TRUE(is_open(kept.value()));
}

TEST(Fd, ReleasedItIsSomebodyElses) {
  int number = -1;
  {
    Fd fd = open_something();
    number = fd.release();
    EXPECT_FALSE(fd);
  }
  EXPECT_TRUE(is_open(number));
  ::close(number);
}

}  // namespace
