#include "corering/sched/inbox.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace {

using corering::sched::Arrival;
using corering::sched::Inbox;
using corering::sched::Scheduler;

struct Letter : Arrival {
  Letter() : Arrival([](Arrival&, Scheduler&) {}) {}
  std::size_t sender = 0;
  std::size_t number = 0;
};

TEST(Inbox, GivesWhatCameOldestFirst) {
  Inbox inbox;
  EXPECT_TRUE(inbox.empty());
  std::vector<Letter> letters(5);
  for (std::size_t index = 0; index < letters.size(); ++index) {
    letters[index].number = index;
    inbox.push(letters[index]);
  }
  EXPECT_FALSE(inbox.empty());
  std::size_t next = 0;
  inbox.take_all([&](Arrival& arrival) { EXPECT_EQ(static_cast<Letter&>(arrival).number, next++); });
  EXPECT_EQ(next, 5u);
  EXPECT_TRUE(inbox.empty());
}

// What is pushed while the owner empties it comes with the next round.
TEST(Inbox, AnArrivalMayComeAgain) {
  Inbox inbox;
  Letter letter;
  inbox.push(letter);
  int rounds = 0;
  while (!inbox.empty() && rounds < 3) {
    inbox.take_all([&](Arrival& arrival) { inbox.push(arrival); });
    ++rounds;
  }
  EXPECT_EQ(rounds, 3);
}

TEST(Inbox, LosesNothingOfManySendersAndKeepsEachOnesOrder) {
  constexpr std::size_t kSenders = 3;
  constexpr std::size_t kLetters = 20'000;
  Inbox inbox;
  std::vector<std::unique_ptr<Letter[]>> letters;
  for (std::size_t sender = 0; sender < kSenders; ++sender) letters.push_back(std::make_unique<Letter[]>(kLetters));
  std::vector<std::jthread> senders;
  for (std::size_t sender = 0; sender < kSenders; ++sender) {
    senders.emplace_back([&, sender] {
      for (std::size_t number = 0; number < kLetters; ++number) {
        Letter& letter = letters[sender][number];
        letter.sender = sender;
        letter.number = number;
        inbox.push(letter);
      }
    });
  }
  std::vector<std::size_t> next(kSenders, 0);
  std::size_t count = 0;
  while (count < kSenders * kLetters) {
    inbox.take_all([&](Arrival& arrival) {
      const Letter& letter = static_cast<Letter&>(arrival);
      ASSERT_EQ(letter.number, next[letter.sender]++);
      ++count;
    });
  }
}

}  // namespace
