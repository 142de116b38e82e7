#include "corering/runtime/outbox.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <semaphore>
#include <thread>
#include <vector>

namespace {

using namespace corering;
using runtime::CoreId;
using runtime::Exchange;
using runtime::Letter;
using runtime::Mailbox;
using runtime::Message;
using runtime::Outbox;

void ignore(runtime::Core&, const Message&) {}

class OutboxTest : public testing::Test {
 protected:
  Mailbox& mailbox(CoreId to) { return exchange_.mailbox(kHere, to); }
  void fill(CoreId to) {
    while (mailbox(to).try_push({&ignore, std::uint64_t{0}})) {
    }
    mailbox(to).publish();
  }
  std::vector<void*> take(CoreId to, std::size_t count_max = 10'000) {
    mailbox(to).publish();
    std::vector<void*> subjects;
    mailbox(to).take(count_max, [&](const Message& message) {
      if (void* const subject = message.payload<void*>()) subjects.push_back(subject);
    });
    return subjects;
  }

  static constexpr CoreId kHere{0};
  static constexpr CoreId kThere{1};
  static constexpr CoreId kElsewhere{2};

  Exchange exchange_{3};
  Outbox outbox_{exchange_, kHere};
  int subjects_[3] = {};
  Letter letters_[3] = {{kThere, &ignore, &subjects_[0]}, {kThere, &ignore, &subjects_[1]}, {kElsewhere, &ignore, &subjects_[2]}};
};

TEST_F(OutboxTest, ALetterThatFindsRoomIsAMessage) {
  EXPECT_TRUE(outbox_.send(letters_[0]));
  EXPECT_FALSE(letters_[0].is_waiting());
  EXPECT_TRUE(outbox_.is_empty());
  EXPECT_EQ(take(kThere), std::vector<void*>{&subjects_[0]});
}

TEST_F(OutboxTest, WithoutRoomItWaitsForItsOwnReceiverOnly) {
  fill(kThere);
  EXPECT_FALSE(outbox_.send(letters_[0]));
  EXPECT_FALSE(outbox_.send(letters_[1]));
  EXPECT_TRUE(outbox_.send(letters_[2]));
  EXPECT_TRUE(outbox_.has_letters_for(kThere));
  EXPECT_FALSE(outbox_.has_letters_for(kElsewhere));
  EXPECT_TRUE(mailbox(kThere).sender_waits());
  EXPECT_FALSE(outbox_.can_send());
  EXPECT_EQ(outbox_.flush(), 0u);
  EXPECT_TRUE(take(kThere, 1).empty());  // one place is free
  EXPECT_TRUE(outbox_.can_send());
  EXPECT_EQ(outbox_.flush(), 1u);
  EXPECT_TRUE(mailbox(kThere).sender_waits());
  EXPECT_TRUE(take(kThere, 1).empty());
  EXPECT_EQ(outbox_.flush(), 1u);
  EXPECT_FALSE(mailbox(kThere).sender_waits());
  EXPECT_TRUE(outbox_.is_empty());
  EXPECT_EQ(take(kThere), (std::vector<void*>{&subjects_[0], &subjects_[1]}));
}

TEST_F(OutboxTest, ALetterThatWaitsCanBeTakenBack) {
  fill(kThere);
  outbox_.send(letters_[0]);
  outbox_.send(letters_[1]);
  EXPECT_TRUE(outbox_.try_take_back(letters_[0]));
  EXPECT_FALSE(outbox_.try_take_back(letters_[0]));
  EXPECT_TRUE(mailbox(kThere).sender_waits());
  EXPECT_TRUE(take(kThere).empty());
  outbox_.flush();
  EXPECT_EQ(take(kThere), std::vector<void*>{&subjects_[1]});
  EXPECT_FALSE(outbox_.try_take_back(letters_[1]));
}

// A sender that falls asleep over a full mailbox, and a receiver that makes room for it: one lost wake-up, and both sleep for ever.
TEST(OutboxSleep, NobodySleepsOverRoomThatSomebodyWaitsFor) {
  constexpr std::uint64_t kLetters = 200'000;
  const CoreId from{0};
  const CoreId to{1};
  Exchange exchange(2);
  std::counting_semaphore<> wake_ups[2] = {std::counting_semaphore<>(0), std::counting_semaphore<>(0)};
  const auto sleep = [&](CoreId here) {
    const bool woken = wake_ups[here.value].try_acquire_for(std::chrono::seconds(20));
    exchange.unpark(here);
    return woken;
  };
  std::uint64_t sent = 0;
  std::atomic<bool> broken{false};
  std::jthread sender([&] {
    Outbox outbox(exchange, from);
    std::vector<Letter> letters(64, Letter(to, &ignore, nullptr));
    const auto publish = [&] {
      outbox.flush();
      if (exchange.mailbox(from, to).publish() && exchange.claim_wake(to)) wake_ups[to.value].release();
    };
    while (sent < kLetters && !broken) {
      for (Letter& letter : letters) {
        if (letter.is_waiting() || sent == kLetters) continue;
        outbox.send(letter);
        ++sent;
      }
      publish();
      if (outbox.is_empty() || !exchange.try_park(from)) continue;
      if (outbox.can_send()) {
        exchange.unpark(from);
      } else if (!sleep(from)) {
        broken = true;
      }
    }
    while (!outbox.is_empty() && !broken) {
      publish();
      std::this_thread::yield();
    }
  });
  std::uint64_t received = 0;
  while (received < kLetters && !broken) {
    Mailbox& mailbox = exchange.mailbox(from, to);
    const std::size_t count = mailbox.take(1 + received % 300, [](const Message&) {});
    received += count;
    if (count != 0 && mailbox.sender_waits() && exchange.claim_wake(from)) wake_ups[from.value].release();
    if (count == 0 && exchange.try_park(to) && !sleep(to)) broken = true;
  }
  sender.join();
  EXPECT_FALSE(broken) << "slept over it after " << received << " of " << sent;
}

}  // namespace
