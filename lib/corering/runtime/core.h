// Core: everything that one event loop owns: ring, chunks, timers, scheduler, mailboxes. Nothing in it is shared.
//
// Code that runs on a core reaches all of it from here and needs no lock. Other cores are reached by try_post.
//
// Thread: owning core only, but for request_drain, request_abort and the metrics. Lifetime: made by Runtime, outlives its service.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "corering/base/clock.h"
#include "corering/mem/arena.h"
#include "corering/mem/chunk_pool.h"
#include "corering/mem/heap.h"
#include "corering/metrics/registry.h"
#include "corering/ring/buffer_ring.h"
#include "corering/ring/direct_descriptors.h"
#include "corering/ring/registered_buffers.h"
#include "corering/ring/ring.h"
#include "corering/runtime/call_port.h"
#include "corering/runtime/core_load.h"
#include "corering/runtime/exchange.h"
#include "corering/runtime/flushable.h"
#include "corering/runtime/options.h"
#include "corering/runtime/outbox.h"
#include "corering/runtime/progress.h"
#include "corering/runtime/waker.h"
#include "corering/sched/offload_port.h"
#include "corering/sched/scheduler.h"
#include "corering/sched/timer_wheel.h"

namespace corering::runtime {

struct CoreCounters {
  metrics::Counter turns;
  metrics::Counter polling_ns;  // turns that found nothing to do and did not sleep
  metrics::Counter messages_sent;
  metrics::Counter messages_refused;  // the mailbox was full
  metrics::Counter messages_received;
  metrics::Counter wakes;          // of other cores
  metrics::Histogram turn_ns;      // what a turn does itself, without its enter; see LoopOptions::turn_timing
  metrics::Histogram completions;  // per turn that found any
};

// What a core is made of besides its options: the seam (back end, clock) and what it has in common with its siblings.
struct CoreSurroundings {
  std::unique_ptr<ring::Backend> backend;
  const base::Clock& clock;
  Exchange& exchange;
  metrics::Registry& registry;
  sched::OffloadPool* offload_pool = nullptr;  // without one, blocking calls are made by the core itself: for simulations
};

class Core {
 public:
  // Opens ring, chunks and buffer ring. Errors: as Ring::open, BufferRing::open, Waker::open.
  static base::Result<std::unique_ptr<Core>> open(CoreId id, const Options& options, CoreSurroundings surroundings);

  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  CoreId id() const noexcept { return id_; }
  const Options& options() const noexcept { return options_; }
  ring::Ring& ring() noexcept { return ring_; }
  mem::ChunkPool& chunks() noexcept { return chunks_; }
  // Smaller than chunks(), or of no use: try_borrow_small then finds none.
  mem::ChunkPool& small_chunks() noexcept { return small_chunks_; }
  mem::Chunk try_borrow_small(std::size_t bytes) noexcept;
  ring::BufferRing& receive_buffers() noexcept { return *receive_buffers_; }
  const mem::Arena& arena() const noexcept { return arena_; }
  // Of whatever is not in the arena: pools and frames. Its thread makes it its own (mem::Heap::Use).
  mem::Heap& heap() noexcept { return heap_; }
  // The arena as fixed buffers of the ring, for zero-copy sends and file I/O.
  ring::RegisteredBuffers& registered_buffers() noexcept { return *registered_buffers_; }
  bool has_direct_descriptors() const noexcept { return direct_descriptors_.has_value(); }
  sched::TimerWheel& timers() noexcept { return timers_; }
  sched::Scheduler& scheduler() noexcept { return scheduler_; }
  sched::ReadyQueue& ready() noexcept { return scheduler_.ready(); }
  FlushList& flush_list() noexcept { return flush_list_; }

  // Calls on other cores: see call_on.h.
  CallPort& calls() noexcept { return calls_; }
  Outbox& outbox() noexcept { return outbox_; }

  // Where calls that may block go: see sched/offload.h.
  sched::OffloadPort& offloads() noexcept { return offloads_; }

  // Chunks that receives leave to writers even when nothing else is left: else all chunks could hold requests, and no reply could
  // be made that would set one free.
  std::size_t writers_chunks() const noexcept { return std::max(receive_buffers_->reserve_chunks() / 2, 1U); }

  // Calls `waiter` once, in the flush phase of a turn that has chunks: for those who found none.
  void await_chunks(Flushable& waiter) noexcept {
    chunk_waiters_.add(waiter);
    waiters_are_new_ = true;
  }
  // The same for one who was just called and found too few: called again when more have come home.
  void await_more_chunks(Flushable& waiter) noexcept { chunk_waiters_.add(waiter); }
  void forget_chunks(Flushable& waiter) noexcept { chunk_waiters_.remove(waiter); }
  bool can_feed_waiters() const noexcept;
  std::uint64_t chunks_returned() const noexcept { return chunks_.returned_count() + small_chunks_.returned_count(); }
  void feed_waiters();

  Exchange& exchange() noexcept { return surroundings_.exchange; }
  Waker& waker() noexcept { return waker_; }
  // Everything that is registered here is labelled with this core's number.
  metrics::Registry& registry() noexcept { return registry_; }
  CoreCounters& counters() noexcept { return counters_; }
  CoreLoad& load() noexcept { return load_; }
  Progress& progress() noexcept { return progress_; }

  // The clock's reading at the beginning of this turn.
  base::Instant now() const noexcept { return now_; }
  void read_clock() noexcept {
    now_ = surroundings_.clock.now();
    scheduler_.set_turn_time(now_);
  }
  // What has passed since: one more reading of the clock.
  base::Duration since_turn_began() const noexcept { return surroundings_.clock.now() - now_; }

  // Runs the message on core `to`, in a later turn; messages to one core keep their order. False, and counted, if its mailbox is
  // full, or letters wait for room in it.
  bool try_post(CoreId to, const Message& message) noexcept;

  // A sender waits for the room that this core has just made in its mailbox. Called by the loop.
  void tell_of_room(CoreId sender) noexcept;

  // Shows this turn's messages to their receivers and wakes those that sleep. Called by the loop once per turn.
  void publish_messages() noexcept;

  // Lets publish_messages wake its peers: called once, when all cores are made.
  void meet(const std::vector<Core*>& all);

  // The loop has ended: nobody waits for this core any longer.
  void leave() noexcept;

  // About to sleep. False if a message or the result of a blocking call is there already, or there is room for a letter: do not sleep.
  bool try_park() noexcept;
  void unpark() noexcept { exchange().unpark(id_); }

  // Ends the sleep of all other cores.
  void wake_peers() noexcept;

  // What has been asked of this core. Thread: any.
  enum class Request : std::uint8_t { run, drain, abort };
  void request(Request request) noexcept;
  Request requested() const noexcept { return request_.load(std::memory_order_acquire); }

  // Takes back what the ring was lent. Called on the core's own thread when its loop has ended: the ring accepts it from no other.
  void release_ring_resources() noexcept;

  // Brings gauges up to date (chunks home). Called by the loop when it is about to sleep.
  void update_gauges() noexcept;

 private:
  Core(CoreId id, const Options& options, CoreSurroundings surroundings, ring::Ring ring, mem::Arena arena, mem::ChunkPool chunks,
       mem::ChunkPool small_chunks);
  void register_metrics();
  void wake_from_outside() noexcept;

  const CoreId id_;
  const Options options_;
  CoreSurroundings surroundings_;
  metrics::Registry registry_;
  mem::Heap heap_;
  ring::Ring ring_;
  mem::Arena arena_;
  mem::ChunkPool chunks_;
  mem::ChunkPool small_chunks_;
  std::optional<ring::BufferRing> receive_buffers_;
  std::optional<ring::RegisteredBuffers> registered_buffers_;
  std::optional<ring::DirectDescriptors> direct_descriptors_;
  base::Instant now_;
  sched::TimerWheel timers_;
  sched::Scheduler scheduler_;
  sched::OffloadPort offloads_;
  Outbox outbox_;
  CallPort calls_{*this};
  FlushList flush_list_;
  FlushList chunk_waiters_;
  bool waiters_are_new_ = false;
  std::uint64_t returned_seen_ = 0;  // chunks that had come home when the waiters were last called
  Waker waker_;
  struct Peer {
    Core* core;
    std::unique_ptr<RemoteWaker> waker;
  };
  std::vector<Peer> peers_;  // all cores, this one included: they have mailboxes to themselves
  CoreCounters counters_;
  CoreLoad load_;
  Progress progress_;
  metrics::Gauge chunks_total_;
  metrics::Gauge chunks_home_;
  metrics::Gauge chunks_home_min_;
  metrics::Gauge small_chunks_total_;
  metrics::Gauge small_chunks_home_;
  metrics::Gauge small_chunks_home_min_;
  metrics::Gauge arena_bytes_;
  metrics::Gauge arena_registered_bytes_;
  std::atomic<Request> request_{Request::run};
};

}  // namespace corering::runtime
