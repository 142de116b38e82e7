#include "corering/ring/features.h"

#include "corering/ring/ring.h"
#include "corering/testing/simulated_backend.h"
#include "real_ring.h"

namespace ring_test {
namespace {

TEST(FeatureTable, HasARowForEachFeatureInOrder) {
  const auto table = ring::feature_table();
  ASSERT_EQ(table.size(), ring::kFeatureCount);
  for (std::size_t index = 0; index < table.size(); ++index) {
    EXPECT_EQ(static_cast<std::size_t>(table[index].feature), index);
    EXPECT_FALSE(table[index].without.empty());
    EXPECT_FALSE(table[index].probe.empty());
  }
}

class Features : public RealRing {};

TEST_F(Features, TheReportNamesEveryRow) {
  const std::string report = ring::feature_report(ring().features());
  for (const ring::FeatureRow& row : ring::feature_table()) EXPECT_NE(report.find(row.name), std::string::npos) << row.name;
}

TEST_F(Features, ProbingLeavesNothingRegistered) {
  // Both would fail with EEXIST or EBUSY if a probe were left behind.
  io_uring_rsrc_register files{};
  files.nr = 4;
  files.flags = IORING_RSRC_REGISTER_SPARSE;
  EXPECT_EQ(backend.register_resource(IORING_REGISTER_FILES2, &files, sizeof(files)), 0);
}

class SimulatedFeatures : public ::testing::Test {
 protected:
  corering::testing::SimulatedNetwork network;
  corering::testing::VirtualClock clock;
  corering::testing::Random random{1};
  corering::testing::SimulatedBackend backend{network, clock, random, {}};
};

TEST_F(SimulatedFeatures, AMissingRequiredFeatureIsNamed) {
  backend.withhold_features(IORING_FEAT_EXT_ARG);
  const auto opened = ring::Ring::open(backend, {});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, base::ErrorCode::unsupported);
  EXPECT_NE(opened.error().text.find("wait time-out in enter"), std::string::npos) << opened.error().text;
}

TEST_F(SimulatedFeatures, AMissingOptionalFeatureIsOnlyMissing) {
  backend.withhold_features(IORING_FEAT_MIN_TIMEOUT);
  const auto opened = ring::Ring::open(backend, {});
  ASSERT_TRUE(opened);
  EXPECT_FALSE(opened->features().has(ring::Feature::min_wait));
  EXPECT_TRUE(opened->features().has(ring::Feature::no_iowait));
}

}  // namespace
}  // namespace ring_test
