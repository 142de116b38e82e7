// A core on the real kernel, turned by the benchmark.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "corering/base/clock.h"
#include "corering/metrics/registry.h"
#include "corering/runtime/backend_choice.h"
#include "corering/runtime/core.h"
#include "corering/runtime/event_loop.h"
#include "corering/runtime/service.h"

namespace flow_bench {

using namespace corering;

class NoService final : public runtime::Service {
 public:
  void start() override {}
  void drain() override {}
  void abort() override {}
  bool is_idle() const override { return true; }
};

class FlowCore {
 public:
  FlowCore() {
    runtime::Options options;
    options.cores = 1;
    options.chunks = {.chunk_bytes = 1024, .chunk_count = 16};
    options.small_chunks = {.chunk_bytes = 64, .chunk_count = 16};
    auto opened = runtime::Core::open(
        runtime::CoreId{0}, options, {runtime::backend_factory(runtime::BackendChoice::automatic)(), clock_, exchange_, registry_});
    if (!opened) give_up(opened.error());
    core_ = std::move(*opened);
    core_->meet({core_.get()});
    if (auto enabled = core_->ring().enable(); !enabled) give_up(enabled.error());
    loop_ = std::make_unique<runtime::EventLoop>(*core_, service_, barrier_);
    loop_->begin();
  }
  ~FlowCore() {
    core_->request(runtime::Core::Request::drain);
    while (loop_->turn()) {
    }
    loop_.reset();
    core_->release_ring_resources();
  }

  runtime::Core& core() noexcept { return *core_; }

  // A whole turn: it enters the kernel once. Waits if there is nothing to do.
  void turn() { loop_->turn(); }

  // What a turn does for ready work, alone.
  void run_ready() {
    core_->scheduler().run({core_->options().loop.ready_count_max, core_->options().loop.ready_time_max});
    core_->counters().turns.add();  // what is scheduled from here on belongs to the next turn
  }

 private:
  [[noreturn]] static void give_up(const base::Error& error) {
    std::fprintf(stderr, "%s\n", error.text.c_str());
    std::exit(1);
  }

  base::SteadyClock clock_;
  metrics::Registry registry_;
  runtime::Exchange exchange_{1};
  runtime::DrainBarrier barrier_{1};
  NoService service_;
  std::unique_ptr<runtime::Core> core_;
  std::unique_ptr<runtime::EventLoop> loop_;
};

}  // namespace flow_bench
