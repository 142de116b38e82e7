#include "corering/runtime/options.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <thread>

#include "corering/sys/cpu.h"

namespace {

namespace runtime = corering::runtime;
namespace sys = corering::sys;
using corering::base::Duration;
using corering::base::ErrorCode;

TEST(Profile, EveryNameIsKnownAndAnUnknownOneHearsThemAll) {
  EXPECT_EQ(runtime::parse_profile("balanced"), runtime::Profile::balanced);
  EXPECT_EQ(runtime::parse_profile("throughput"), runtime::Profile::throughput);
  EXPECT_EQ(runtime::parse_profile("latency"), runtime::Profile::latency);
  for (const std::string_view name : {"", "Latency", "fast", "latency "}) {
    const auto profile = runtime::parse_profile(name);
    ASSERT_FALSE(profile.has_value()) << name;
    EXPECT_EQ(profile.error().code, ErrorCode::invalid_argument);
    for (const char* known : {"balanced", "throughput", "latency"}) {
      EXPECT_NE(profile.error().text.find(known), std::string::npos) << profile.error().text;
    }
  }
}

TEST(Profile, SaysHowALoopWaitsAndLeavesTheRestAlone) {
  runtime::Options options;
  options.cores = 3;
  options.chunks.chunk_count = 77;

  apply_profile(runtime::Profile::throughput, options);
  EXPECT_GT(options.loop.wait_count, 1u);
  EXPECT_GT(options.loop.min_wait, Duration::zero()) << "waiting for several events without a limit would wait for ever";
  EXPECT_EQ(options.loop.spin, Duration::zero());

  apply_profile(runtime::Profile::latency, options);
  EXPECT_EQ(options.loop.wait_count, 1u) << "left over from the profile before";
  EXPECT_GT(options.loop.spin, Duration::zero());

  apply_profile(runtime::Profile::balanced, options);
  EXPECT_EQ(options.loop.wait_count, 1u);
  EXPECT_EQ(options.loop.spin, Duration::zero());
  EXPECT_EQ(options.cores, 3u);
  EXPECT_EQ(options.chunks.chunk_count, 77u);
}

// A loop that runs nothing per turn would never finish anything.
TEST(Profile, EveryOneLetsEachPhaseWork) {
  for (const auto profile : {runtime::Profile::balanced, runtime::Profile::throughput, runtime::Profile::latency}) {
    runtime::Options options;
    apply_profile(profile, options);
    EXPECT_GT(options.loop.ready_count_max, 0u);
    EXPECT_GT(options.loop.message_count_max, 0u);
    EXPECT_GT(options.loop.wait_count, 0u);
  }
}

class ResolveCores : public testing::Test {
 protected:
  const std::uint32_t cpus_ = static_cast<std::uint32_t>(sys::allowed_cpus()->size());
};

TEST_F(ResolveCores, ZeroIsOnePerCpu) {
  runtime::Options options;
  ASSERT_TRUE(resolve_cores(options).has_value());
  EXPECT_EQ(options.cores, cpus_);
}

TEST_F(ResolveCores, AWishIsKeptEvenAboveTheNumberOfCpus) {
  runtime::Options options;
  options.cores = cpus_ + 1;
  ASSERT_TRUE(resolve_cores(options).has_value());
  EXPECT_EQ(options.cores, cpus_ + 1);
}

TEST_F(ResolveCores, PinningNeedsACpuForEach) {
  runtime::Options options;
  options.pinning = runtime::Pinning::one_cpu_each;
  options.cores = cpus_;
  EXPECT_TRUE(resolve_cores(options).has_value());
  options.cores = cpus_ + 1;
  const auto refused = resolve_cores(options);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(refused.error().text.find("--pin_cores"), std::string::npos) << refused.error().text;
}

TEST_F(ResolveCores, SpinningNeedsCpusToSpareUnlessItIsInsistedOn) {
  for (const auto when : {runtime::SpinWhen::cpus_to_spare, runtime::SpinWhen::always}) {
    for (const std::uint32_t cores : {std::uint32_t{1}, cpus_, cpus_ + 1}) {
      runtime::Options options;
      apply_profile(runtime::Profile::latency, options);
      options.cores = cores;
      options.loop.spin_when = when;
      ASSERT_TRUE(resolve_cores(options).has_value());
      const bool spins = when == runtime::SpinWhen::always || cores < cpus_;
      EXPECT_EQ(options.loop.spin > Duration::zero(), spins) << cores << " cores on " << cpus_ << " CPUs";
    }
  }
}

TEST(Describe, NamesWhatARuntimeIsStartedWith) {
  runtime::Options options;
  apply_profile(runtime::Profile::throughput, options);
  options.cores = 3;
  options.thread_name = "worker";
  options.blocking.threads_max = 5;
  const std::string text = describe(options);
  for (const char* part :
       {"cores=3 ", " event_interval=512 ", " event_time_us=100 ", " blocking_stack_bytes=1048576 ", " wait_events=32 ",
        " min_wait_us=50 ", " spin_us=0 ", " max_blocking_threads=5 ", " thread_stack_bytes=0 ", " thread_name=worker"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  }
}

// taskset and cpusets bind: counting the machine's CPUs instead would crowd several cores onto one.
TEST_F(ResolveCores, CountsOnlyCpusThisProcessMayUse) {
  std::jthread([] {
    ASSERT_TRUE(sys::pin_this_thread(sys::allowed_cpus()->front()).has_value());
    runtime::Options options;
    ASSERT_TRUE(resolve_cores(options).has_value());
    EXPECT_EQ(options.cores, 1u);
  }).join();
}

}  // namespace
