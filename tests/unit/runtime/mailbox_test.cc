#include "corering/runtime/mailbox.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace {

using corering::runtime::Core;
using corering::runtime::Mailbox;
using corering::runtime::Message;

void ignore(Core&, const Message&) {}

Message numbered(std::uint64_t number) { return {&ignore, number}; }

std::vector<std::uint64_t> take_all(Mailbox& mailbox, std::size_t count_max = SIZE_MAX) {
  std::vector<std::uint64_t> numbers;
  const std::size_t count =
      mailbox.take(count_max, [&](const Message& message) { numbers.push_back(message.payload<std::uint64_t>()); });
  EXPECT_EQ(count, numbers.size());
  return numbers;
}

TEST(Message, CarriesItsWholePayload) {
  struct Payload {
    std::array<unsigned char, Message::kPayloadBytes> bytes;
  };
  Payload payload;
  for (std::size_t index = 0; index < payload.bytes.size(); ++index) payload.bytes[index] = static_cast<unsigned char>(index + 1);
  const Message message(&ignore, payload);
  EXPECT_EQ(message.payload<Payload>().bytes, payload.bytes);
}

TEST(Mailbox, ShowsMessagesInOrderAndOnlyAfterTheyArePublished) {
  Mailbox mailbox;
  for (const std::uint64_t number : {1, 2, 3}) ASSERT_TRUE(mailbox.try_push(numbered(number)));
  EXPECT_TRUE(mailbox.empty());
  EXPECT_EQ(take_all(mailbox), std::vector<std::uint64_t>());
  EXPECT_TRUE(mailbox.publish());
  EXPECT_FALSE(mailbox.empty());
  ASSERT_TRUE(mailbox.try_push(numbered(4)));
  EXPECT_EQ(take_all(mailbox), (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_TRUE(mailbox.empty());
}

// The answer decides whether the receiver is woken.
TEST(Mailbox, PublishTellsWhetherThereIsAnythingNew) {
  Mailbox mailbox;
  EXPECT_FALSE(mailbox.publish());
  ASSERT_TRUE(mailbox.try_push(numbered(1)));
  EXPECT_TRUE(mailbox.publish());
  EXPECT_FALSE(mailbox.publish());
  take_all(mailbox);
  EXPECT_FALSE(mailbox.publish());
}

TEST(Mailbox, GivesNoMoreThanAskedForAndKeepsTheRest) {
  Mailbox mailbox;
  for (std::uint64_t number = 0; number < 10; ++number) ASSERT_TRUE(mailbox.try_push(numbered(number)));
  mailbox.publish();
  EXPECT_EQ(take_all(mailbox, 0).size(), 0u);
  EXPECT_EQ(take_all(mailbox, 4), (std::vector<std::uint64_t>{0, 1, 2, 3}));
  EXPECT_FALSE(mailbox.empty());
  EXPECT_EQ(take_all(mailbox, 100), (std::vector<std::uint64_t>{4, 5, 6, 7, 8, 9}));
}

TEST(Mailbox, RefusesWhenFullAndLosesNothing) {
  Mailbox mailbox;
  std::uint64_t pushed = 0;
  while (pushed < 2 * Mailbox::kCapacity && mailbox.try_push(numbered(pushed))) ++pushed;
  EXPECT_EQ(pushed, Mailbox::kCapacity);
  mailbox.publish();
  EXPECT_FALSE(mailbox.try_push(numbered(pushed)));
  EXPECT_EQ(take_all(mailbox, 1), std::vector<std::uint64_t>{0});
  EXPECT_TRUE(mailbox.try_push(numbered(pushed)));
  EXPECT_FALSE(mailbox.try_push(numbered(pushed + 1)));
  mailbox.publish();
  const std::vector<std::uint64_t> rest = take_all(mailbox);
  ASSERT_EQ(rest.size(), Mailbox::kCapacity);
  for (std::size_t index = 0; index < rest.size(); ++index) ASSERT_EQ(rest[index], index + 1);
}

TEST(Mailbox, GoesRoundItsRingManyTimes) {
  Mailbox mailbox;
  std::uint64_t pushed = 0;
  std::uint64_t taken = 0;
  // 700 does not divide the capacity: batches cross the end of the ring at changing places.
  for (int round = 0; round < 100; ++round) {
    for (int count = 0; count < 700; ++count) ASSERT_TRUE(mailbox.try_push(numbered(pushed++)));
    mailbox.publish();
    for (const std::uint64_t number : take_all(mailbox)) ASSERT_EQ(number, taken++);
  }
  EXPECT_EQ(taken, pushed);
}

// A core answers into its own mailbox while it drains it: the answers are for the next turn.
TEST(Mailbox, AHandlerMayPushIntoTheMailboxItIsTakenFrom) {
  Mailbox mailbox;
  ASSERT_TRUE(mailbox.try_push(numbered(1)));
  mailbox.publish();
  std::size_t handled = mailbox.take(100, [&](const Message& message) {
    ASSERT_TRUE(mailbox.try_push(numbered(message.payload<std::uint64_t>() + 1)));
    mailbox.publish();
  });
  EXPECT_EQ(handled, 1u);
  EXPECT_EQ(take_all(mailbox), std::vector<std::uint64_t>{2});
}

// A payload whose words all follow from its number: a torn or stale one shows.
struct Checked {
  std::array<std::uint64_t, 7> words;

  explicit Checked(std::uint64_t number) : words{} {
    for (std::uint64_t& word : words) word = number = number * 0x9e3779b97f4a7c15ULL + 1;
  }
  Checked() = default;
};

TEST(Mailbox, TwoThreadsExchangeEveryMessageWholeAndInOrder) {
  constexpr std::uint64_t kMessages = 100'000;
  Mailbox mailbox;
  std::atomic<bool> given_up = false;
  std::jthread sender([&] {
    for (std::uint64_t number = 0; number < kMessages && !given_up;) {
      // Turns of all lengths, up to more than the ring holds.
      for (std::uint64_t turn = 1 + number * 7 % 1'500; turn > 0 && number < kMessages; --turn) {
        if (!mailbox.try_push({&ignore, Checked(number)})) break;
        ++number;
      }
      mailbox.publish();
    }
  });
  std::uint64_t expected = 0;
  while (expected < kMessages && !given_up) {
    const std::size_t count = mailbox.take(1 + expected % 600, [&](const Message& message) {
      if (message.payload<Checked>().words != Checked(expected).words) given_up = true;
      // Once more as a number: g++ copies larger payloads by code that ThreadSanitizer does not see.
      if (message.payload<std::uint64_t>() != Checked(expected).words[0]) given_up = true;
      ++expected;
    });
    if (count == 0) std::this_thread::yield();
  }
  EXPECT_FALSE(given_up) << "up to message " << expected;
}

}  // namespace
