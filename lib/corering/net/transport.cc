#include "corering/net/transport.h"

#include "corering/net/receiver.h"

namespace corering::net {

Transport::Transport(runtime::Core& core, const Limits& limits, const std::string& counter_prefix)
    : core_(core),
      limits_(limits),
      send_policy_(limits.send_policy),
      slices_(core.chunks().count() + core.small_chunks().count(), limits.lent_slices_max, limits.connections_max) {
  register_counters(core.registry(), counters_, counter_prefix);
  slices_.counters().register_metrics(core.registry(), counter_prefix + "slices");
  resolve_send_policy();
}

void Transport::resolve_send_policy() noexcept {
  const ring::FeatureSet& features = core_.ring().features();
  const bool has_reports = features.has(ring::Feature::zero_copy_report);
  if (has_reports) usage_report_ = ring::UsageReport::with;
  // Without reports nobody could tell whether it pays. A connection in a direct slot cannot be reset, so the end of a stalled one
  // could not make the kernel let go of its memory.
  const bool is_possible = features.has(ring::Feature::zero_copy_send) && !core_.has_direct_descriptors();
  if (!is_possible || (send_policy_.zero_copy == ZeroCopy::automatic && !has_reports)) send_policy_.zero_copy = ZeroCopy::never;
}

Transport::~Transport() { core_.forget_chunks(feeding_); }

ReleaseQueue* Transport::try_borrow_release_queue(Sender& sender, ZeroCopyTrial& listener_trial) {
  ReleaseQueue* const queue = release_queue_pool_.try_borrow(*this, sender, listener_trial);
  if (queue != nullptr) release_queues_.push_back(*queue);
  return queue;
}

void Transport::give_back(ReleaseQueue& queue) noexcept {
  release_queues_.erase(release_queues_.iterator_to(queue));
  release_queue_pool_.give_back(queue);
}

void Transport::abandon_zero_copy_sends() noexcept {
  while (!release_queues_.empty()) {
    ReleaseQueue& queue = release_queues_.front();
    queue.abandon();
    give_back(queue);
  }
}

void Transport::starve(Receiver& receiver) noexcept {
  counters_.starved.add();
  starved_.push_back(receiver);
  core_.await_chunks(feeding_);
}

void Transport::feed_reserved(Receiver& receiver) noexcept {
  writable_.push_back(receiver);
  core_.await_chunks(feeding_);
}

void Transport::forget(Receiver& receiver) noexcept {
  if (!receiver.is_starved()) return;
  auto& waiting = receiver.has_room() ? writable_ : starved_;
  waiting.erase(waiting.iterator_to(receiver));
}

// As many receivers as there are chunks in the window: more would only fail again.
void Transport::feed() {
  for (std::uint32_t chunks = core_.receive_buffers().in_window(); chunks > 0; --chunks) {
    auto& waiting = writable_.empty() ? starved_ : writable_;
    if (waiting.empty()) return;
    Receiver& receiver = waiting.front();
    waiting.pop_front();
    receiver.arm();
  }
  if (starved_.empty() && writable_.empty()) return;
  if (core_.receive_buffers().is_short()) {
    feed_from_reserve();
  } else {
    core_.await_chunks(feeding_);
  }
}

// The pool is all but lent out, most of it perhaps to clients that send and never read: a chunk that one of them gets is lost until
// it reads. So whoever wants a chunk of the reserve first shows that its socket takes a reply.
void Transport::feed_from_reserve() {
  while (!writable_.empty() && core_.chunks().free_count() > core_.writers_chunks()) {
    Receiver& receiver = writable_.front();
    writable_.pop_front();
    counters_.reserve_receives.add();
    receiver.receive_once(core_.chunks().try_borrow());
  }
  while (!starved_.empty()) {
    Receiver& receiver = starved_.front();
    starved_.pop_front();
    receiver.await_room();
  }
  if (!writable_.empty()) core_.await_more_chunks(feeding_);
}

}  // namespace corering::net
