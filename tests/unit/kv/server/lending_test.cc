#include "kv/server/lending.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace {

using kv::Lending;

class Waiter final : public kv::KeyWaiter {
 public:
  explicit Waiter(std::function<void()> act) : act_(std::move(act)) {}
  void on_keys_home() override { act_(); }

 private:
  std::function<void()> act_;
};

TEST(Lending, ServesThoseWhoWaitInTheirOrder) {
  Lending lending;
  std::string served;
  Waiter first([&] { served += '1'; });
  Waiter second([&] { served += '2'; });
  EXPECT_TRUE(lending.is_home());
  lending.lend();
  lending.await(first);
  lending.await(second);
  EXPECT_EQ(served, "");
  lending.take_back();
  EXPECT_EQ(served, "12");
  EXPECT_FALSE(lending.has_waiters());
}

TEST(Lending, OneWhoLendsItAgainLetsTheOthersWait) {
  Lending lending;
  std::string served;
  Waiter borrower([&] {
    served += 'b';
    lending.lend();
  });
  Waiter other([&] { served += 'o'; });
  lending.lend();
  lending.await(borrower);
  lending.await(other);
  lending.take_back();
  EXPECT_EQ(served, "b");
  lending.take_back();
  EXPECT_EQ(served, "bo");
}

TEST(LendingDeathTest, NothingIsLentTwice) {
  Lending lending;
  lending.lend();
  EXPECT_DEATH(lending.lend(), "lent twice");
  lending.take_back();
  EXPECT_DEATH(lending.take_back(), "that was not lent");
}

}  // namespace
