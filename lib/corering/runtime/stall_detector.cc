#include "corering/runtime/stall_detector.h"

#include <algorithm>
#include <utility>

#include "corering/base/log.h"
#include "corering/base/tracepoint.h"
#include "corering/runtime/stack_trace.h"
#include "corering/sys/cpu.h"
#include "corering/sys/thread_times.h"

namespace corering::runtime {

namespace {

constexpr int kLooksPerLimit = 4;
constexpr base::Duration kCapturePatience = std::chrono::milliseconds(100);

std::uint64_t cpu_ns_of(Core& core) noexcept {
  const auto times = sys::thread_times(core.load().thread_id());
  return times ? times->cpu_ns : 0;
}

std::string ms(base::Duration duration) { return std::to_string(duration.count() / 1'000'000) + " ms"; }

}  // namespace

base::Result<std::unique_ptr<StallDetector>> StallDetector::start(Options options, const std::vector<Core*>& cores,
                                                                  metrics::Registry& registry) {
  if (auto installed = install_stack_capture(signal_number()); !installed) return base::failure(std::move(installed.error()));
  std::unique_ptr<StallDetector> detector(new StallDetector(std::move(options), cores, registry));
  auto thread = sys::Thread::start([self = detector.get()] { self->watch(); });
  if (!thread) return base::failure(std::move(thread.error()));
  detector->thread_ = std::move(*thread);
  return detector;
}

StallDetector::StallDetector(Options options, const std::vector<Core*>& cores, metrics::Registry& registry)
    : options_(std::move(options)) {
  const base::Instant now = base::SteadyClock().now();
  for (Core* core : cores) watched_.push_back({.core = core, .since = now});
  registry.add("stalls", stalls_, "Turns of a core that lasted longer than the limit of the stall detector");
  registry.add("stalled_ns", stalled_ns_, "Time of those turns, as far as they were watched");
}

StallDetector::~StallDetector() {
  stop_.release();
  thread_.join();
}

void StallDetector::watch() {
  sys::name_this_thread("stall-detector");
  const auto pause = std::max<base::Duration>(options_.limit / kLooksPerLimit, std::chrono::milliseconds(1));
  while (!stop_.try_acquire_for(pause)) {
    for (Watched& watched : watched_) look_at(watched, base::SteadyClock().now());
  }
}

void StallDetector::look_at(Watched& watched, base::Instant now) {
  const std::uint64_t turns = watched.core->counters().turns.value();
  const Phase phase = watched.core->progress().phase();
  const bool moves = turns != watched.turns || phase == Phase::wait || phase == Phase::outside;
  if (!moves) {
    if (!watched.is_stalled && now - watched.since >= options_.limit && !is_without_cpu(watched)) on_stalled(watched, now);
    return;
  }
  if (watched.is_stalled) on_moved(watched, now);
  watched.turns = turns;
  watched.since = now;
  watched.cpu_ns = cpu_ns_of(*watched.core);
}

// It is neither blocked nor has it used the time: others have the CPU.
bool StallDetector::is_without_cpu(const Watched& watched) const noexcept {
  const std::uint64_t used_ns = cpu_ns_of(*watched.core) - watched.cpu_ns;
  return used_ns < static_cast<std::uint64_t>(options_.limit.count()) / 2 &&
         sys::is_thread_runnable(watched.core->load().thread_id());
}

void StallDetector::on_stalled(Watched& watched, base::Instant now) {
  watched.is_stalled = true;
  stalls_.add();
  watched.is_told = now - watched.reported >= kReportPause;
  if (!watched.is_told) return;
  watched.reported = now;
  CORERING_TRACE(stall, watched.core->id().value, (now - watched.since).count());
  const std::string core = "core " + std::to_string(watched.core->id().value);
  const Phase phase = watched.core->progress().phase();
  const auto stack = capture_stack(watched.core->load().thread_id(), signal_number(), kCapturePatience);
  tell(core + " has been in " + std::string(name_of(phase)) + " for " + ms(now - watched.since) +
       (stack.empty() ? ", and does not tell where: it is blocked in the kernel" : describe_stack(stack)));
}

void StallDetector::on_moved(Watched& watched, base::Instant now) {
  watched.is_stalled = false;
  stalled_ns_.add(static_cast<std::uint64_t>((now - watched.since).count()));
  if (watched.is_told) tell("core " + std::to_string(watched.core->id().value) + " goes on after " + ms(now - watched.since));
}

void StallDetector::tell(const std::string& report) const {
  if (options_.report) {
    options_.report(report);
  } else {
    base::log(base::LogLevel::warning, report);
  }
}

}  // namespace corering::runtime
