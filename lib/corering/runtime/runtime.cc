#include "corering/runtime/runtime.h"

#include <bit>
#include <optional>
#include <string>
#include <utility>

#include "corering/base/log.h"
#include "corering/ring/memlock.h"
#include "corering/runtime/event_loop.h"
#include "corering/sys/cpu.h"
#include "corering/sys/limits.h"

namespace corering::runtime {

namespace {

// Fills in what depends on the machine.
base::Result<Options> resolve(Options options, std::string& warning) {
  if (auto counted = resolve_cores(options); !counted) return base::failure(std::move(counted.error()));
  const std::uint64_t buffer_ring_bytes = std::bit_ceil(options.chunks.chunk_count) * sizeof(io_uring_buf);
  auto plan = ring::plan_memlock(options.ring, buffer_ring_bytes, options.cores, sys::raise_memlock_limit());
  if (!plan) return base::failure(std::move(plan.error()));
  options.ring = plan->setup;
  warning = plan->warning;
  return options;
}

}  // namespace

base::Result<std::unique_ptr<Runtime>> Runtime::start(const Options& options, const BackendFactory& make_backend,
                                                      const ServiceFactory& make_service) {
  std::string warning;
  auto resolved = resolve(options, warning);
  if (!resolved) return base::failure(std::move(resolved.error()));
  base::log(base::LogLevel::debug, describe(*resolved));
  std::unique_ptr<Runtime> runtime(new Runtime(*resolved));
  runtime->warning_ = std::move(warning);
  if (auto made = runtime->make_places(make_backend, make_service); !made) return base::failure(std::move(made.error()));
  if (auto started = runtime->start_threads(); !started) return base::failure(std::move(started.error()));
  return runtime;
}

Runtime::Runtime(const Options& options)
    : options_(options),
      exchange_(options.cores),
      drain_barrier_(options.cores),
      offload_pool_(options.blocking),
      ready_(static_cast<std::ptrdiff_t>(options.cores) + 1) {
  process_metrics_.register_metrics(registry_);
}

Runtime::~Runtime() {
  stall_detector_.reset();
  abort();
  join();
}

base::Result<> Runtime::make_places(const BackendFactory& make_backend, const ServiceFactory& make_service) {
  registry_.add("blocking_threads", offload_pool_.threads_gauge(), "Threads for calls that block");
  registry_.add("blocking_thread_failures", offload_pool_.thread_failures_gauge(),
                "Threads for calls that block which could not be started");
  cores_.resize(options_.cores);
  std::vector<Core*> all;
  auto cpus = sys::allowed_cpus();
  if (!cpus) return base::failure(std::move(cpus.error()));
  for (std::uint16_t index = 0; index < exchange_.cores(); ++index) {
    // Rings and explicit huge pages get their memory here, where they are made: near the CPU that will use them.
    std::optional<sys::CpuVisit> visit;
    if (options_.pinning == Pinning::one_cpu_each) visit.emplace((*cpus)[index]);
    auto core = Core::open(CoreId{index}, options_, {make_backend(), clock_, exchange_, registry_, &offload_pool_});
    if (!core) return base::failure(std::move(core.error()));
    cores_[index].core = std::move(*core);
    backend_name_ = cores_[index].core->ring().backend().name();
    all.push_back(cores_[index].core.get());
  }
  for (Place& place : cores_) {
    place.core->meet(all);
    auto service = make_service(*place.core);
    if (!service) return base::failure(std::move(service.error()));
    place.service = std::move(*service);
  }
  return {};
}

base::Result<> Runtime::start_threads() {
  auto cpus = sys::allowed_cpus();
  if (!cpus) return base::failure(std::move(cpus.error()));
  for (std::size_t index = 0; index < cores_.size(); ++index) {
    const int cpu = options_.pinning == Pinning::one_cpu_each ? (*cpus)[index] : -1;
    Place& place = cores_[index];
    auto thread = sys::Thread::start([this, &place, cpu] { run_place(place, cpu); }, {.stack_bytes = options_.thread_stack_bytes});
    if (thread) {
      place.thread = std::move(*thread);
      continue;
    }
    place.started = base::failure(std::move(thread.error()));
    all_started_ = false;
    ready_.arrive_and_drop();  // for the thread that is missing
  }
  ready_.arrive_and_wait();
  if (all_started_) return {};
  join();
  for (Place& place : cores_) {
    if (!place.started) return base::failure(std::move(place.started.error()));
  }
  return {};
}

void Runtime::run_place(Place& place, int cpu) {
  sys::name_this_thread((options_.thread_name + '-' + std::to_string(place.core->id().value)).c_str());
  if (cpu >= 0) place.started = sys::pin_this_thread(cpu);
  if (place.started) place.started = place.core->ring().enable();
  if (!place.started) all_started_ = false;
  ready_.arrive_and_wait();
  if (!all_started_) return;
  const mem::Heap::Use use(place.core->heap());
  place.core->load().attach_this_thread();
  EventLoop loop(*place.core, *place.service, drain_barrier_);
  loop.run();
  place.core->progress().in(Phase::outside);
  place.core->release_ring_resources();
  place.core->update_gauges();
  stopped_count_.fetch_add(1, std::memory_order_acq_rel);
}

void Runtime::sample() {
  const std::lock_guard lock(sampling_);
  process_metrics_.sample();
  for (Place& place : cores_) place.core->load().sample(place.core->counters().polling_ns.value());
}

base::Result<> Runtime::watch_for_stalls(StallDetector::Options options) {
  std::vector<Core*> cores;
  cores.reserve(cores_.size());
  for (Place& place : cores_) cores.push_back(place.core.get());
  auto detector = StallDetector::start(std::move(options), cores, registry_);
  if (!detector) return base::failure(std::move(detector.error()));
  stall_detector_ = std::move(*detector);
  return {};
}

void Runtime::drain() noexcept { request(Core::Request::drain); }

void Runtime::abort() noexcept { request(Core::Request::abort); }

void Runtime::request(Core::Request request) noexcept {
  for (Place& place : cores_) {
    if (place.core) place.core->request(request);
  }
}

void Runtime::join() {
  for (Place& place : cores_) place.thread.join();
  if (std::exchange(joined_, true)) return;
  offload_report_ = offload_pool_.stop(kOffloadPatience);
  if (!offload_report_.is_clean()) base::log(base::LogLevel::warning, offload_report_.text());
}

}  // namespace corering::runtime
