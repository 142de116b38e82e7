#include "corering/metrics/prometheus.h"

#include <gtest/gtest.h>

#include <sstream>

namespace {

using namespace corering::metrics;

std::string exposed(const Registry& registry) { return to_prometheus(registry.collect()); }

TEST(Prometheus, NamesFollowItsConventions) {
  EXPECT_EQ(prometheus_name("received_bytes", Kind::counter), "corering_received_bytes_total");
  EXPECT_EQ(prometheus_name("busy_ns", Kind::counter), "corering_busy_seconds_total");
  EXPECT_EQ(prometheus_name("turn_ns", Kind::histogram), "corering_turn_seconds");
  EXPECT_EQ(prometheus_name("chunks_total", Kind::gauge), "corering_chunks");
  EXPECT_EQ(prometheus_name("chunks_home", Kind::gauge), "corering_chunks_home");
  EXPECT_EQ(prometheus_name("process_cpu_ns", Kind::counter), "process_cpu_seconds_total");
  EXPECT_EQ(prometheus_name("process_start_time_ns", Kind::gauge), "process_start_time_seconds");
}

TEST(Prometheus, OneHeadPerNameAndOneLinePerSeries) {
  Counter sent[2];
  Gauge open;
  Registry registry;
  registry.add({"sent", "Things sent", {{"core", "0"}}}, sent[0]);
  registry.add("open", open);
  registry.add({"sent", "Another help", {{"core", "1"}}}, sent[1]);
  sent[0].add(3);
  sent[1].add(4);
  open.set(5);
  EXPECT_EQ(exposed(registry),
            "# HELP corering_sent_total Things sent\n"
            "# TYPE corering_sent_total counter\n"
            "corering_sent_total{core=\"0\"} 3\n"
            "corering_sent_total{core=\"1\"} 4\n"
            "# HELP corering_open open\n"
            "# TYPE corering_open gauge\n"
            "corering_open 5\n");
}

TEST(Prometheus, NanosecondsBecomeSecondsWithoutRounding) {
  Counter busy;
  Registry registry;
  registry.add("busy_ns", busy, "Busy");
  EXPECT_NE(exposed(registry).find("_total 0\n"), std::string::npos);
  busy.add(12'345'678'901'000'000'007U);
  EXPECT_NE(exposed(registry).find("_total 12345678901.000000007\n"), std::string::npos) << exposed(registry);
}

TEST(Prometheus, LabelsAndHelpAreEscaped) {
  Counter counter;
  Registry registry;
  registry.add({"odd", "A \\ and a\nnew line", {{"command", "a\"b\\c\nd"}}}, counter);
  EXPECT_EQ(exposed(registry),
            "# HELP corering_odd_total A \\\\ and a\\nnew line\n"
            "# TYPE corering_odd_total counter\n"
            "corering_odd_total{command=\"a\\\"b\\\\c\\nd\"} 0\n");
}

TEST(Prometheus, BucketsAreCumulativeAndExactAtTheirBounds) {
  Histogram batch;
  Registry registry;
  registry.add({"batch", "Items per batch", {{"core", "0"}}}, batch);
  for (const std::uint64_t items : {1, 2, 3, 4, 7, 8, 5'000'000}) batch.record(items);
  const std::string text = exposed(registry);
  for (const char* line :
       {"# TYPE corering_batch histogram\n", "corering_batch_bucket{core=\"0\",le=\"1\"} 1\n",
        "corering_batch_bucket{core=\"0\",le=\"3\"} 3\n", "corering_batch_bucket{core=\"0\",le=\"7\"} 5\n",
        "corering_batch_bucket{core=\"0\",le=\"15\"} 6\n", "corering_batch_bucket{core=\"0\",le=\"1048575\"} 6\n",
        "corering_batch_bucket{core=\"0\",le=\"+Inf\"} 7\n", "corering_batch_sum{core=\"0\"} 5000025\n",
        "corering_batch_count{core=\"0\"} 7\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST(Prometheus, TimeBucketsAreInSeconds) {
  Histogram turn;
  Registry registry;
  registry.add("turn_ns", turn, "Turn");
  turn.record(1023);
  turn.record(1024);
  const std::string text = exposed(registry);
  EXPECT_NE(text.find("corering_turn_seconds_bucket{le=\"0.000001023\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("corering_turn_seconds_bucket{le=\"0.000002047\"} 2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("corering_turn_seconds_sum 0.000002047\n"), std::string::npos) << text;
}

}  // namespace
