// Two cores on simulated kernels that one thread turns by hand: what crosses between them, step by step.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "corering/metrics/registry.h"
#include "corering/runtime/core.h"
#include "corering/runtime/drain_barrier.h"
#include "corering/runtime/event_loop.h"
#include "corering/runtime/service.h"
#include "corering/testing/random.h"
#include "corering/testing/simulated_backend.h"
#include "corering/testing/simulated_network.h"
#include "corering/testing/virtual_clock.h"

namespace runtime_test {

namespace base = corering::base;
namespace metrics = corering::metrics;
namespace runtime = corering::runtime;
namespace sched = corering::sched;
namespace simulated = corering::testing;

class CorePair : public ::testing::Test {
 protected:
  CorePair() {
    for (std::uint16_t id = 0; id < 2; ++id) sides_[id].core = open(id);
    for (Side& side : sides_) {
      side.core->meet({sides_[0].core.get(), sides_[1].core.get()});
      side.loop = std::make_unique<runtime::EventLoop>(*side.core, service_, barrier_);
      side.loop->begin();
    }
  }
  ~CorePair() override {
    EXPECT_TRUE(drain());
    for (Side& side : sides_) {
      EXPECT_TRUE(side.core->calls().is_idle());
      EXPECT_EQ(side.core->calls().counters().outstanding.value(), 0u);
    }
  }

  runtime::Core& core(std::size_t index) { return *sides_[index].core; }
  void turn(std::size_t index) { sides_[index].goes_on = sides_[index].goes_on && sides_[index].loop->turn(); }
  void turn_both(int times) {
    for (; times > 0; --times) {
      turn(0);
      turn(1);
    }
  }
  bool has_left(std::size_t index) const { return !sides_[index].goes_on; }
  bool drain() {
    for (Side& side : sides_) side.core->request(runtime::Core::Request::drain);
    for (int turns = 0; turns < 100 && (sides_[0].goes_on || sides_[1].goes_on); ++turns) turn_both(1);
    return has_left(0) && has_left(1);
  }
  void pass(base::Duration duration) { clock_.advance(duration); }
  std::uint64_t counter(std::string_view name) { return metrics::value_of(registry_.snapshot(), name); }

  static constexpr runtime::CoreId kHere{0};
  static constexpr runtime::CoreId kThere{1};

 private:
  class NoService final : public runtime::Service {
   public:
    void start() override {}
    void drain() override {}
    void abort() override {}
    bool is_idle() const override { return true; }
  };

  struct Side {
    std::unique_ptr<runtime::Core> core;
    std::unique_ptr<runtime::EventLoop> loop;
    bool goes_on = true;
  };

  std::unique_ptr<runtime::Core> open(std::uint16_t id) {
    auto backend = std::make_unique<simulated::SimulatedBackend>(network_, clock_, random_, simulated::Faults{});
    backend->on_idle(nullptr);
    runtime::Options options{.cores = 2,
                             .ring = {.submission_entries = 64, .completion_entries = 256},
                             .chunks = {.chunk_bytes = 256, .chunk_count = 16},
                             .small_chunks = {.chunk_bytes = 64, .chunk_count = 16},
                             .receive_window_chunks = 4};
    options.wake_by = runtime::WakeBy::event;
    auto opened = runtime::Core::open(runtime::CoreId{id}, options, {std::move(backend), clock_, exchange_, registry_});
    EXPECT_TRUE(opened);
    return std::move(*opened);
  }

  simulated::Random random_{1};
  simulated::VirtualClock clock_;
  simulated::SimulatedNetwork network_;
  metrics::Registry registry_;
  runtime::Exchange exchange_{2};
  runtime::DrainBarrier barrier_{2};
  NoService service_;
  std::array<Side, 2> sides_;
};

}  // namespace runtime_test
