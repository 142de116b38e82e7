// A simulated core with a service that does nothing, for the parts of the flow room to run on.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "corering/runtime/service.h"
#include "corering/testing/simulated_core.h"

namespace flow_test {

namespace base = corering::base;
namespace flow = corering::flow;
namespace metrics = corering::metrics;
namespace runtime = corering::runtime;
namespace sched = corering::sched;
namespace simulated = corering::testing;  // ::testing is GoogleTest's

class NoService : public runtime::Service {
 public:
  void start() override {}
  void drain() override {}
  void abort() override {}
  bool is_idle() const override { return true; }
};

class FlowCore : public ::testing::Test {
 protected:
  FlowCore() {
    core_.backend().on_idle(nullptr);
    core_.start([](runtime::Core&) { return std::make_unique<NoService>(); });
  }
  ~FlowCore() override { EXPECT_TRUE(core_.stop()); }

  runtime::Core& core() { return core_.core(); }
  std::uint64_t counter(std::string_view name) { return core_.counter(name); }
  // As it is exposed; of one core there is one series.
  metrics::Distribution histogram(std::string_view name) {
    for (const metrics::Family& family : core_.core().registry().collect()) {
      if (family.name == name && family.kind == metrics::Kind::histogram) return family.series.front().distribution;
    }
    ADD_FAILURE() << "no histogram is registered as " << name;
    return {};
  }
  void turns(int count) {
    for (int turn = 0; turn < count; ++turn) core_.turn();
  }
  void pass(base::Duration duration) { core_.clock().advance(duration); }

 private:
  simulated::SimulatedCore core_{{.cores = 1,
                                  .ring = {.submission_entries = 64, .completion_entries = 256},
                                  .chunks = {.chunk_bytes = 256, .chunk_count = 16},
                                  .small_chunks = {.chunk_bytes = 64, .chunk_count = 16},
                                  .receive_window_chunks = 4},
                                 simulated::Faults{},
                                 1};
};

}  // namespace flow_test
