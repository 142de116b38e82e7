#include "kv/session/transaction.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "kv/commands/command.h"

namespace {

using kv::Transaction;

TEST(Transaction, KeepsCopiesOfWhatIsQueued) {
  Transaction transaction;
  EXPECT_FALSE(transaction.is_open());
  transaction.begin();
  std::string key = "key";
  const std::array<std::string_view, 3> arguments{"set", key, ""};
  transaction.queue(*kv::find_command("set"), arguments);
  key = "zzz";
  ASSERT_EQ(transaction.calls().size(), 1u);
  EXPECT_EQ(transaction.calls()[0].arguments[1], "key");
  EXPECT_EQ(transaction.calls()[0].arguments[2], "");
  EXPECT_GT(transaction.queued_bytes(), 6u);
  transaction.end();
  EXPECT_TRUE(transaction.calls().empty());
  EXPECT_EQ(transaction.queued_bytes(), 0u);
}

TEST(Transaction, IsSpoiledOnlyWhileItIsOpen) {
  Transaction transaction;
  transaction.spoil();
  EXPECT_EQ(transaction.state(), Transaction::State::none);
  transaction.begin();
  transaction.spoil();
  EXPECT_EQ(transaction.state(), Transaction::State::spoiled);
  transaction.end();
  EXPECT_FALSE(transaction.is_open());
}

TEST(Transaction, RemembersAKeyAsItWasFirstSeen) {
  Transaction transaction;
  transaction.watch(0, "key", 5);
  transaction.watch(0, "key", 9);
  transaction.watch(1, "key", 7);
  ASSERT_EQ(transaction.watched().size(), 2u);
  EXPECT_EQ(transaction.watched()[0].version, 5u);
  EXPECT_TRUE(transaction.watches(1, "key"));
  transaction.unwatch();
  EXPECT_FALSE(transaction.watches(0, "key"));
}

}  // namespace
