// A whole runtime with real rings, each of whose cores runs one task.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <utility>

#include "corering/runtime/runtime.h"
#include "corering/sched/task.h"

namespace test {

using namespace corering;

// Spawns one task on each core, and is idle as soon as it is told to drain.
class Spawner final : public runtime::Service {
 public:
  using MakeTask = std::function<sched::Task<>(runtime::Core&)>;

  Spawner(runtime::Core& core, const MakeTask& make_task) : core_(core), make_task_(make_task) {}

  void start() override { core_.scheduler().spawn(make_task_(core_)).detach(); }
  void drain() override { drained_ = true; }
  void abort() override { drained_ = true; }
  bool is_idle() const override { return drained_; }

 private:
  runtime::Core& core_;
  const MakeTask& make_task_;
  bool drained_ = false;
};

inline std::unique_ptr<runtime::Runtime> start(std::uint32_t cores, const Spawner::MakeTask& make_task) {
  runtime::Options options;
  options.cores = cores;
  options.chunks = {.chunk_bytes = 1024, .chunk_count = 16};
  options.small_chunks = {.chunk_bytes = 256, .chunk_count = 16};
  auto started = runtime::Runtime::start(options, runtime::backend_factory(runtime::BackendChoice::automatic),
                                         [&](runtime::Core& core) -> base::Result<std::unique_ptr<runtime::Service>> {
                                           return std::make_unique<Spawner>(core, make_task);
                                         });
  EXPECT_TRUE(started) << started.error().text;
  return std::move(*started);
}

}  // namespace test
