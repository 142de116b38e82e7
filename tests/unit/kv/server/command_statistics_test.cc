#include "kv/server/command_statistics.h"

#include <gtest/gtest.h>

#include "kv/commands/command.h"
#include "kv/server/latency_log.h"
#include "kv/server/rate_meter.h"

namespace {

using namespace kv;

TEST(CommandStatistics, PercentilesAreTheUpperEndsOfTheirBuckets) {
  const Command& get = *find_command("get");
  CommandStatistics statistics;
  statistics.count(get, 5);
  EXPECT_EQ(statistics.commands().at(&get).percentile_us(0.5), 0u) << "none was measured";
  for (int index = 0; index < 98; ++index) statistics.note(get, 3);
  statistics.note(get, 100);
  statistics.note(get, 5000);
  const CommandStatistic& statistic = statistics.commands().at(&get);
  EXPECT_EQ(statistic.calls, 105u);
  EXPECT_EQ(statistic.measured_calls, 100u);
  EXPECT_EQ(statistic.took_us, 98u * 3 + 5100);
  EXPECT_EQ(statistic.percentile_us(0.5), 4u);
  EXPECT_EQ(statistic.percentile_us(0.99), 128u);
  EXPECT_EQ(statistic.percentile_us(0.999), 8192u);
}

TEST(CommandStatistics, ErrorsAreCountedByTheirCodeAndCommand) {
  const Command& get = *find_command("get");
  CommandStatistics statistics;
  statistics.on_error("ERR unknown command 'x'");
  statistics.set_current(&get);
  statistics.on_error("WRONGTYPE Operation against a key");
  statistics.set_current(nullptr);
  EXPECT_EQ(statistics.error_count(), 2u);
  EXPECT_EQ(statistics.errors().at("ERR"), 1u);
  EXPECT_EQ(statistics.errors().at("WRONGTYPE"), 1u);
  EXPECT_EQ(statistics.commands().at(&get).failed_calls, 1u);
  for (int index = 0; index < 1000; ++index) statistics.on_error(std::to_string(index));
  EXPECT_EQ(statistics.errors().size(), CommandStatistics::kErrorKindsMax);
  statistics.clear();
  EXPECT_EQ(statistics.error_count(), 0u);
}

TEST(LatencyLog, KeepsTheWorstOfEachSecond) {
  LatencyLog log;
  log.note("command", 1, 5);
  log.note("command", 1, 9);
  log.note("command", 1, 7);
  log.note("command", 2, 3);
  const LatencyEvent& event = log.events().at("command");
  ASSERT_EQ(event.samples.size(), 2u);
  EXPECT_EQ(event.samples[0].took_ms, 9);
  EXPECT_EQ(event.took_ms_max, 9);
  for (std::int64_t second = 3; second < 1000; ++second) log.note("command", second, 1);
  EXPECT_EQ(event.samples.size(), LatencyLog::kSamplesMax);
  EXPECT_TRUE(log.forget("command"));
  EXPECT_FALSE(log.forget("command"));
}

TEST(RateMeter, IsThatOfTheLastSixteenSamples) {
  RateMeter meter;
  EXPECT_EQ(meter.per_second(), 0u);
  for (std::int64_t tick = 0; tick <= 100; ++tick) meter.sample(tick * 100, static_cast<std::uint64_t>(tick) * 50);
  EXPECT_EQ(meter.per_second(), 500u);
  for (std::int64_t tick = 101; tick <= 120; ++tick) meter.sample(tick * 100, 5000);
  EXPECT_EQ(meter.per_second(), 0u) << "nothing lately";
}

}  // namespace
