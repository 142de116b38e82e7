#include "corering/testing/simulated_core.h"

#include <utility>
#include <vector>

namespace corering::testing {

SimulatedCore::SimulatedCore(const runtime::Options& options, const Faults& faults, std::uint64_t seed) : random_(seed) {
  auto backend = std::make_unique<SimulatedBackend>(network_, clock_, random_, faults);
  backend_ = backend.get();
  auto core = runtime::Core::open(runtime::CoreId{0}, options, {std::move(backend), clock_, exchange_, registry_});
  CORERING_ASSERT(core.has_value(), "a simulated core is opened with impossible options");
  core_ = std::move(*core);
  core_->meet({core_.get()});
}

SimulatedCore::~SimulatedCore() = default;

void SimulatedCore::start(const MakeService& make_service) {
  service_ = make_service(*core_);
  loop_ = std::make_unique<runtime::EventLoop>(*core_, *service_, barrier_);
  loop_->begin();
}

bool SimulatedCore::turn() {
  if (ended_) return false;
  if (loop_->turn()) {
    ++turns_;
    return true;
  }
  ended_ = true;
  return false;
}

bool SimulatedCore::turn_until(const std::function<bool()>& condition, std::uint64_t turns_max) {
  for (std::uint64_t count = 0; count < turns_max; ++count) {
    if (condition()) return true;
    if (!turn()) return condition();
  }
  return condition();
}

bool SimulatedCore::stop(std::uint64_t turns_max) {
  core_->request(runtime::Core::Request::drain);
  return turn_until([this] { return ended_; }, turns_max);
}

metrics::Snapshot SimulatedCore::counters() {
  core_->update_gauges();
  return registry_.snapshot();
}

}  // namespace corering::testing
