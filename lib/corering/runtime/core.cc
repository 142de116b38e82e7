#include "corering/runtime/core.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

namespace corering::runtime {

namespace {

// An eighth of the pool, within reason: enough for a turn's replies.
std::uint32_t reserve_chunks(std::size_t pool_chunks) {
  if (pool_chunks < 4) return pool_chunks < 2 ? 0 : 1;
  return static_cast<std::uint32_t>(std::clamp(pool_chunks / 8, std::size_t{2}, std::size_t{256}));
}

}  // namespace

base::Result<std::unique_ptr<Core>> Core::open(CoreId id, const Options& options, CoreSurroundings surroundings) {
  auto ring = ring::Ring::open(*surroundings.backend, options.ring);
  if (!ring) return base::failure(std::move(ring.error()));
  auto chunk_bytes = mem::ChunkPool::bytes_for(options.chunks);
  if (!chunk_bytes) return base::failure(std::move(chunk_bytes.error()));
  auto small_bytes = mem::ChunkPool::bytes_for(options.small_chunks);
  if (!small_bytes) return base::failure(std::move(small_bytes.error()));
  auto arena = mem::Arena::open(mem::Arena::footprint(*chunk_bytes) + mem::Arena::footprint(*small_bytes));
  if (!arena) return base::failure(std::move(arena.error()));
  auto chunks = mem::ChunkPool::open(*arena, options.chunks);
  if (!chunks) return base::failure(std::move(chunks.error()));
  auto small_chunks = mem::ChunkPool::open(*arena, options.small_chunks);
  if (!small_chunks) return base::failure(std::move(small_chunks.error()));
  std::unique_ptr<Core> core(new Core(id, options, std::move(surroundings), std::move(*ring), std::move(*arena), std::move(*chunks),
                                      std::move(*small_chunks)));

  const auto window_max = std::min(std::bit_ceil(static_cast<std::uint32_t>(options.chunks.chunk_count)), std::uint32_t{32768});
  auto buffers = ring::BufferRing::open(core->ring_, core->chunks_,
                                        {.window_chunks = options.receive_window_chunks,
                                         .window_chunks_max = window_max,
                                         .reserve_chunks = reserve_chunks(options.chunks.chunk_count)});
  if (!buffers) return base::failure(std::move(buffers.error()));
  core->receive_buffers_.emplace(std::move(*buffers));
  core->registered_buffers_.emplace(core->ring_, core->arena_.bytes());
  if (options.direct_descriptors != 0) {
    auto direct = ring::DirectDescriptors::open(core->ring_, options.direct_descriptors);
    if (!direct) return base::failure(std::move(direct.error()));
    core->direct_descriptors_.emplace(std::move(*direct));
  }
  if (auto opened = core->waker_.open(); !opened) return base::failure(std::move(opened.error()));
  core->exchange().fleet().join(id.value, core->scheduler_, core->waker_);
  core->register_metrics();
  return core;
}

Core::Core(CoreId id, const Options& options, CoreSurroundings surroundings, ring::Ring ring, mem::Arena arena,
           mem::ChunkPool chunks, mem::ChunkPool small_chunks)
    : id_(id),
      options_(options),
      surroundings_(std::move(surroundings)),
      registry_(surroundings_.registry, {{"core", std::to_string(id.value)}}),
      ring_(std::move(ring)),
      arena_(std::move(arena)),
      chunks_(std::move(chunks)),
      small_chunks_(std::move(small_chunks)),
      now_(surroundings_.clock.now()),
      timers_(now_),
      scheduler_(id.value, surroundings_.exchange.fleet(), surroundings_.clock, timers_),
      offloads_(
          surroundings_.offload_pool, [](void* self) { static_cast<Core*>(self)->wake_from_outside(); }, this),
      outbox_(surroundings_.exchange, id),
      waker_(ring_) {}

bool Core::try_post(CoreId to, const Message& message) noexcept {
  const bool accepted = !outbox_.has_letters_for(to) && exchange().mailbox(id_, to).try_push(message);
  (accepted ? counters_.messages_sent : counters_.messages_refused).add();
  return accepted;
}

mem::Chunk Core::try_borrow_small(std::size_t bytes) noexcept {
  const bool is_small = bytes <= small_chunks_.chunk_bytes() && small_chunks_.chunk_bytes() < chunks_.chunk_bytes();
  return is_small ? small_chunks_.try_borrow() : mem::Chunk();
}

bool Core::can_feed_waiters() const noexcept {
  const bool is_worth_it = waiters_are_new_ || chunks_returned() != returned_seen_;
  const bool has_chunks = receive_buffers_->in_window() > 0 || chunks_.free_count() > 0 || small_chunks_.free_count() > 0;
  return is_worth_it && has_chunks && !chunk_waiters_.empty();
}

void Core::feed_waiters() {
  waiters_are_new_ = false;
  returned_seen_ = chunks_returned();
  chunk_waiters_.run();
}

void Core::meet(const std::vector<Core*>& all) {
  for (Core* core : all) peers_.push_back({core, std::make_unique<RemoteWaker>(ring_, core->waker_, options_.wake_by)});
}

void Core::tell_of_room(CoreId sender) noexcept {
  if (sender != id_ && exchange().claim_wake(sender)) peers_[sender.value].waker->wake();
}

void Core::leave() noexcept {
  exchange().note_left(id_);
  wake_peers();
}

void Core::publish_messages() noexcept {
  outbox_.flush();
  for (Peer& peer : peers_) {
    const CoreId id = peer.core->id_;
    if (!exchange().mailbox(id_, id).publish() || peer.core == this || !exchange().claim_wake(id)) continue;
    counters_.wakes.add();
    peer.waker->wake();
  }
}

// The same order as between cores: parked first, then a last look; whoever brings something publishes first, then looks who is parked.
bool Core::try_park() noexcept {
  if (!exchange().try_park(id_)) return false;
  if (!offloads_.has_results() && !outbox_.can_send()) return true;
  unpark();
  return false;
}

void Core::wake_from_outside() noexcept {
  if (exchange().claim_wake(id_)) waker_.signal();
}

void Core::wake_peers() noexcept {
  for (Peer& peer : peers_) {
    if (peer.core != this) peer.core->waker_.signal();
  }
}

void Core::request(Request request) noexcept {
  request_.store(request, std::memory_order_release);
  waker_.signal();
}

void Core::update_gauges() noexcept {
  scheduler_.update_gauges();
  chunks_total_.set(chunks_.count());
  chunks_home_min_.set(chunks_.free_count_min());
  small_chunks_total_.set(small_chunks_.count());
  small_chunks_home_.set(small_chunks_.free_count());
  small_chunks_home_min_.set(small_chunks_.free_count_min());
  arena_bytes_.set(arena_.bytes().size());
  if (registered_buffers_) arena_registered_bytes_.set(registered_buffers_->registered_bytes());
  // Chunks lying in the receive window are free as well: they only wait at another place.
  chunks_home_.set(chunks_.free_count() + (receive_buffers_ ? receive_buffers_->in_window() : 0));
}

void Core::release_ring_resources() noexcept {
  receive_buffers_.reset();
  registered_buffers_.reset();
  direct_descriptors_.reset();
}

void Core::register_metrics() {
  metrics::Registry& all = registry();
  all.add("chunks_total", chunks_total_, "Chunks for receives and large replies");
  all.add("chunks_home", chunks_home_, "Chunks that are not lent");
  all.add("chunks_home_min", chunks_home_min_, "Fewest chunks that were ever home");
  all.add("small_chunks_total", small_chunks_total_, "Small chunks");
  all.add("small_chunks_home", small_chunks_home_, "Small chunks that are not lent");
  all.add("small_chunks_home_min", small_chunks_home_min_, "Fewest small chunks that were ever home");
  all.add("arena_bytes", arena_bytes_, "Memory that the kernel reads and writes for us");
  all.add("arena_registered_bytes", arena_registered_bytes_, "Part of the arena that is registered as fixed buffers");
  heap_.register_metrics(all);
  all.add("turns", counters_.turns, "Turns of the event loop");
  all.add("enters", ring_.counters().enters, "Calls of io_uring_enter, one per turn");
  all.add("extra_enters", ring_.counters().extra_enters, "Calls of io_uring_enter because the submission queue was full");
  all.add("submitted", ring_.counters().submitted, "Operations submitted");
  all.add("completed", ring_.counters().completed, "Completions reaped");
  all.add("completion_overflows", ring_.counters().overflows, "Turns that found the completion queue overflowed");
  all.add("messages_sent", counters_.messages_sent, "Messages sent to other cores");
  all.add("messages_refused", counters_.messages_refused, "Messages refused because a mailbox was full");
  all.add("messages_received", counters_.messages_received, "Messages from other cores");
  all.add("wakes", counters_.wakes, "Other cores woken");
  all.add("turn_ns", counters_.turn_ns, "Time that a turn spends in user space, without its system call");
  all.add("turn_completions", counters_.completions, "Completions per turn that found any");
  load_.register_metrics(all);
  sched::register_counters(all, scheduler_.counters());
  offloads_.register_metrics(all);
  calls_.register_metrics(all);
  update_gauges();
}

}  // namespace corering::runtime
