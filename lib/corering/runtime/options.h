// Options: how a runtime is laid out: cores, rings, memory, waiting.
//
// The defaults suit a server on a shared machine. A profile presets what trades latency against throughput; single fields set
// afterwards win.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "corering/base/clock.h"
#include "corering/base/result.h"
#include "corering/mem/chunk_pool.h"
#include "corering/ring/backend.h"
#include "corering/sched/offload_pool.h"

namespace corering::runtime {

enum class Profile : std::uint8_t {
  balanced,    // sleep when there is nothing to do, wake at the first event
  throughput,  // collect events for a moment before waking: fewer, fuller turns
  latency,     // keep looking for a moment before sleeping: no wake-up delay, more CPU
};

enum class Pinning : std::uint8_t { free, one_cpu_each };

// A core that spins takes its CPU from everybody else: with as many cores as CPUs, also from those whose messages it waits for.
enum class SpinWhen : std::uint8_t {
  cpus_to_spare,  // the process has more CPUs than cores
  always,
};

// Whether the loop times its turns: one more reading of the clock (20 ns) and two histogram records per turn
// (bench/README.md).
enum class TurnTiming : std::uint8_t { off, on };

// How an event loop waits and how much it does per turn.
struct LoopOptions {
  // The event interval: ready tasks run before I/O is looked at again. No task begins after ready_time_max.
  std::size_t ready_count_max = 256;
  base::Duration ready_time_max = std::chrono::microseconds(100);
  std::size_t message_count_max = 256;  // messages taken per mailbox and turn

  // Wake for fewer than wait_count events only after min_wait. Needs Feature::min_wait; without it every event wakes.
  std::uint32_t wait_count = 1;
  base::Duration min_wait = base::Duration::zero();

  // Stay awake for this long after the last event.
  base::Duration spin = base::Duration::zero();
  SpinWhen spin_when = SpinWhen::cpus_to_spare;

  TurnTiming turn_timing = TurnTiming::on;
};

// How a core wakes another that sleeps. Figures for both are in bench/README.md.
enum class WakeBy : std::uint8_t {
  automatic,     // by message if the kernel is quick at it: since Linux 6.11
  message_ring,  // a message to its ring, which leaves with this core's next enter; by event without the feature
  event,         // its eventfd: a system call of this core, and a completion of a read there
};

struct Options {
  std::uint32_t cores = 0;  // event loops; 0: one per CPU this process may use
  Pinning pinning = Pinning::free;
  std::string thread_name = "core";    // of the cores' threads, with a number behind it; the kernel shows 15 characters
  std::size_t thread_stack_bytes = 0;  // of the cores' threads; 0: what the process is given (ulimit -s)
  sched::OffloadPoolOptions blocking;  // threads for calls that block, all cores together
  ring::SetupOptions ring;
  mem::ChunkPool::Options chunks;  // per core: for receives and large replies
  mem::ChunkPool::Options small_chunks{.chunk_bytes = 1024,
                                       .chunk_count = 4096};  // per core: for small replies, and inputs that wait
  // Per core: memory of the arena beyond the chunks, for the service: see Core::service_memory. Costs addresses until it is used.
  std::size_t service_memory_bytes = 0;
  std::uint32_t receive_window_chunks = 64;  // see ring::BufferRing
  std::uint32_t direct_descriptors = 0;      // slots per core; 0: plain descriptors
  LoopOptions loop;
  WakeBy wake_by = WakeBy::automatic;
  base::Duration drain_timeout = std::chrono::seconds(10);
};

// Errors: invalid_argument for an unknown name.
base::Result<Profile> parse_profile(std::string_view name);

// Replaces cores = 0 by the number of CPUs this process may use, and leaves out spinning without CPUs to spare. Errors:
// invalid_argument if pinning asks for more CPUs than there are.
base::Result<> resolve_cores(Options& options);

// Presets options.loop. What is set afterwards wins.
void apply_profile(Profile profile, Options& options);

// "cores=2 event_interval=256 ...": what a runtime is started with, for the log.
std::string describe(const Options& options);

}  // namespace corering::runtime
