// What a report says, and which targets it meets.
#include "load/report.h"

#include <gtest/gtest.h>

#include "load/plot.h"

namespace {

using namespace load;

class ReportTest : public testing::Test {
 protected:
  ReportTest() {
    corering::metrics::Histogram latency;
    for (std::uint64_t us = 1; us <= 1000; ++us) latency.record(us * 1000);
    report_.options = &options_;
    report_.latency = latency.read();
    report_.get_latency = report_.latency;
    report_.window_seconds = 2;
    report_.window_replies = 1000;
    report_.own = {.user_seconds = 0.001, .system_seconds = 0.002};
  }

  bool is_met(const Targets& targets) const {
    const auto results = judge(targets, report_);
    EXPECT_EQ(results.size(), 1U);
    return results.at(0).met;
  }

  Options options_;
  Report report_;
};

TEST_F(ReportTest, TargetsAreMetOrMissed) {
  EXPECT_TRUE(judge({}, report_).empty());
  EXPECT_TRUE(is_met({.p50_us = 510}));
  EXPECT_FALSE(is_met({.p50_us = 490}));
  EXPECT_TRUE(is_met({.p95_us = 960}));
  EXPECT_FALSE(is_met({.p95_us = 940}));
  EXPECT_FALSE(is_met({.p99_us = 980}));
  EXPECT_TRUE(is_met({.p999_us = 1010}));
  EXPECT_TRUE(is_met({.rps = 500}));
  EXPECT_FALSE(is_met({.rps = 501}));
  EXPECT_TRUE(is_met({.error_rate = 0}));
  report_.timed_out = 11;
  EXPECT_FALSE(is_met({.error_rate = 0.01}));
  EXPECT_TRUE(is_met({.error_rate = 0.02}));
}

TEST_F(ReportTest, NoReplyMeetsNoLatencyTarget) {
  report_.latency = {};
  EXPECT_FALSE(is_met({.p95_us = 1e9}));
}

TEST_F(ReportTest, RatesAreSharesOfAllRequests) {
  EXPECT_EQ(report_.error_rate(), 0);
  report_.lost = 500;
  report_.error_replies = 100;
  EXPECT_DOUBLE_EQ(report_.error_rate(), 600.0 / 1500);
  EXPECT_DOUBLE_EQ(report_.us_per_request(report_.own.cpu_seconds()), 3);
}

TEST_F(ReportTest, HasAllPercentilesInTheTableAndInJson) {
  report_.targets = judge({.p95_us = 1}, report_);
  const std::string table = to_table(report_);
  for (const char* word : {"p50", "p90", "p95", "p99", "p99.9", "p99.99", "min", "mean", "max", "peak", "MISSED", "500/s"}) {
    EXPECT_NE(table.find(word), std::string::npos) << word << "\n" << table;
  }
  const std::string json = to_json(report_);
  for (const char* part :
       {"\"requests\":1000", "\"requests_per_second\":500", "\"p99_99\":", "\"met\":false", "\"us_per_request\":3"}) {
    EXPECT_NE(json.find(part), std::string::npos) << part << "\n" << json;
  }
}

TEST_F(ReportTest, ThePlotHasABarForEverythingAndIsDrawnOfNothing) {
  const std::string svg = to_svg(report_);
  EXPECT_TRUE(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
  EXPECT_NE(svg.find("p99.99"), std::string::npos);
  EXPECT_NE(svg.find("class='bar'"), std::string::npos);
  report_.latency = {};
  EXPECT_EQ(to_svg(report_).find("class='bar'"), std::string::npos);
}

}  // namespace
