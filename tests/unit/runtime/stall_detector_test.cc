// A core that stalls on purpose, in a task and in a message, computing and blocked.
#include "corering/runtime/stall_detector.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "corering/runtime/runtime.h"
#include "corering/sys/thread_times.h"

namespace stall_test {

using namespace corering;

// CPU time, so that it is one whatever else the machine does.
[[gnu::noinline]] void compute_for_too_long(std::uint64_t cpu_ns) {
  const pid_t self = sys::this_thread_id();
  const std::uint64_t end = sys::thread_times(self)->cpu_ns + cpu_ns;
  while (sys::thread_times(self)->cpu_ns < end) {
  }
}

namespace {

constexpr base::Duration kLimit = std::chrono::milliseconds(20);
constexpr std::uint64_t kLongNs = 200'000'000;

enum class Again : std::uint8_t { no, yes };

// Does, as a task, what the test says, in one turn or more; then waits to be drained.
class StallingService : public runtime::Service {
 public:
  StallingService(runtime::Core& core, std::function<Again()> work) : core_(core), work_(std::move(work)) {}
  ~StallingService() override {
    core_.ready().remove(run_);
    core_.timers().stop(again_);
  }

  void start() override { core_.ready().push(run_); }
  void drain() override { drained_ = true; }
  void abort() override { drained_ = true; }
  bool is_idle() const override { return drained_; }

 private:
  void run() {
    // By a timer: a task that is pushed while tasks run may run in the same turn.
    if (work_() == Again::yes) core_.timers().start(again_, core_.now() + kLimit);
  }

  runtime::Core& core_;
  std::function<Again()> work_;
  bool drained_ = false;
  sched::Runnable run_ = sched::Runnable::to<&StallingService::run>(this);
  sched::Timer again_ = sched::Timer::to<&StallingService::run>(this);
};

class StallDetector : public testing::Test {
 protected:
  // `work` begins when the detector watches.
  void run(std::function<Again()> work) {
    const auto make_service = [&](runtime::Core& core) -> base::Result<std::unique_ptr<runtime::Service>> {
      return std::make_unique<StallingService>(core, [this, work] {
        watched_.wait(false);
        return work();
      });
    };
    runtime::Options options;
    options.cores = 1;
    options.chunks = {.chunk_bytes = 1024, .chunk_count = 16};
    auto started = runtime::Runtime::start(options, runtime::backend_factory(runtime::BackendChoice::automatic), make_service);
    ASSERT_TRUE(started) << started.error().text;
    runtime_ = std::move(*started);
    auto watched = runtime_->watch_for_stalls({.limit = kLimit, .report = [this](const std::string& report) {
                                                 const std::lock_guard lock(mutex_);
                                                 reports_.push_back(report);
                                               }});
    ASSERT_TRUE(watched) << watched.error().text;
    watched_ = true;
    watched_.notify_all();
  }

  void wait_for_reports(std::size_t count) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (reports().size() < count && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(kLimit / 4);
    ASSERT_GE(reports().size(), count);
  }

  std::vector<std::string> reports() {
    const std::lock_guard lock(mutex_);
    return reports_;
  }

  std::uint64_t counter(std::string_view name) { return metrics::value_of(runtime_->registry().snapshot(), name); }

  std::unique_ptr<runtime::Runtime> runtime_;

 private:
  std::atomic<bool> watched_{false};
  std::mutex mutex_;
  std::vector<std::string> reports_;
};

TEST_F(StallDetector, NamesCorePhaseAndFunctionOfATaskThatComputes) {
  run([] {
    compute_for_too_long(kLongNs);
    return Again::no;
  });
  wait_for_reports(2);
  const auto told = reports();
  EXPECT_TRUE(told[0].starts_with("core 0 has been in run_ready for ")) << told[0];
  EXPECT_NE(told[0].find("compute_for_too_long"), std::string::npos) << told[0];
  EXPECT_NE(told[0].find("EventLoop::run_ready"), std::string::npos) << told[0];
  EXPECT_TRUE(told[1].starts_with("core 0 goes on after ")) << told[1];
  EXPECT_EQ(counter("stalls"), 1U);
  EXPECT_GE(counter("stalled_ns"), static_cast<std::uint64_t>(kLimit.count()));
}

TEST_F(StallDetector, SeesACoreThatIsBlocked) {
  run([] {
    std::this_thread::sleep_for(std::chrono::nanoseconds(kLongNs));
    return Again::no;
  });
  wait_for_reports(2);
  EXPECT_TRUE(reports()[0].starts_with("core 0 has been in run_ready for ")) << reports()[0];
}

TEST_F(StallDetector, CountsFurtherStallsWithoutTellingThem) {
  std::atomic<int> left{3};
  run([&] {
    compute_for_too_long(kLongNs);
    return --left > 0 ? Again::yes : Again::no;
  });
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (counter("stalls") < 3 && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(kLimit / 4);
  EXPECT_EQ(counter("stalls"), 3U);
  wait_for_reports(2);
  runtime_.reset();
  EXPECT_EQ(reports().size(), 2U) << "the first, and its end";
}

TEST_F(StallDetector, ACoreThatSleepsIsNotStalled) {
  run([] { return Again::no; });
  std::this_thread::sleep_for(kLimit * 10);
  EXPECT_EQ(counter("stalls"), 0U);
}

}  // namespace
}  // namespace stall_test
