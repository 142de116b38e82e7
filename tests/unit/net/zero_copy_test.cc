#include "corering/net/zero_copy.h"

#include <gtest/gtest.h>

namespace net_test {
namespace {

using corering::base::Instant;
using corering::net::ZeroCopyTrial;

// Sends as often as the trial allows, every send reported at once; returns how many there were, at most `count`.
int send_all(ZeroCopyTrial& trial, Instant now, bool copied, int count) {
  int sent = 0;
  for (; sent < count && trial.may_send(now); ++sent) {
    trial.on_submitted(now);
    trial.on_report(copied, now);
  }
  return sent;
}

TEST(ZeroCopyTrial, StopsWithinSixteenCopiedSends) {
  ZeroCopyTrial trial;
  EXPECT_EQ(send_all(trial, Instant(), true, 1000), 16);
}

TEST(ZeroCopyTrial, StopsWithinSixteenAlsoIfTheReportsComeLate) {
  ZeroCopyTrial trial;
  int sent = 0;
  for (; sent < 1000 && trial.may_send(Instant()); ++sent) trial.on_submitted(Instant());
  EXPECT_EQ(sent, 16);
  for (int report = 0; report < sent; ++report) trial.on_report(true, Instant());
  EXPECT_FALSE(trial.may_send(Instant()));
}

TEST(ZeroCopyTrial, GoesOnAsLongAsItPays) {
  ZeroCopyTrial trial;
  EXPECT_EQ(send_all(trial, Instant(), false, 1000), 1000);
  EXPECT_EQ(send_all(trial, Instant(), true, 1000), 16) << "a route may change";
}

TEST(ZeroCopyTrial, AsksAgainWithOneSendMoreAndMoreRarely) {
  ZeroCopyTrial trial;
  Instant now;
  send_all(trial, now, true, 16);
  for (auto interval = ZeroCopyTrial::kProbeIntervalMin; interval < ZeroCopyTrial::kProbeIntervalMax; interval *= 2) {
    EXPECT_FALSE(trial.may_send(now + (interval - corering::base::Duration(1))));
    now = now + interval;
    EXPECT_EQ(send_all(trial, now, true, 100), 1);
  }
  now = now + ZeroCopyTrial::kProbeIntervalMax;
  trial.on_submitted(now);
  EXPECT_FALSE(trial.may_send(now)) << "one question at a time";
  trial.on_report(false, now);
  EXPECT_EQ(send_all(trial, now, false, 100), 100) << "it pays now";
}

// Sixteen peers that stall and never acknowledge decide nothing for the others.
TEST(ZeroCopyTrial, ReportsThatNeverComeDoNotEndIt) {
  ZeroCopyTrial trial;
  Instant now;
  for (int send = 0; send < 16; ++send) trial.on_submitted(now);
  EXPECT_FALSE(trial.may_send(now));
  now = now + ZeroCopyTrial::kProbeIntervalMin;
  EXPECT_TRUE(trial.may_send(now));
  trial.on_submitted(now);
  EXPECT_FALSE(trial.may_send(now));
  trial.on_report(false, now);
  EXPECT_EQ(send_all(trial, now, false, 100), 100);
}

TEST(ZeroCopyTrial, ModesHaveNames) {
  EXPECT_EQ(corering::net::parse_zero_copy("auto").value(), corering::net::ZeroCopy::automatic);
  EXPECT_EQ(corering::net::parse_zero_copy("always").value(), corering::net::ZeroCopy::always);
  EXPECT_EQ(corering::net::parse_zero_copy("never").value(), corering::net::ZeroCopy::never);
  EXPECT_FALSE(corering::net::parse_zero_copy("sometimes"));
}

}  // namespace
}  // namespace net_test
