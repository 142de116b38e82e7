#include "corering/net/transport.h"

#include "corering/net/receiver.h"

namespace corering::net {

Transport::Transport(runtime::Core& core, const Limits& limits) : core_(core), limits_(limits), slices_(core.chunks().count()) {
  register_counters(core.registry(), counters_);
}

Transport::~Transport() { core_.chunk_waiters().remove(feeding_); }

void Transport::starve(Receiver& receiver) noexcept {
  counters_.starved.add();
  starved_.push_back(receiver);
  core_.chunk_waiters().add(feeding_);
}

void Transport::forget(Receiver& receiver) noexcept {
  if (receiver.is_starved()) starved_.erase(starved_.iterator_to(receiver));
}

// As many receivers as there are chunks in the window: more would only fail again.
void Transport::feed() {
  for (std::uint32_t chunks = core_.receive_buffers().in_window(); chunks > 0 && !starved_.empty(); --chunks) {
    Receiver& receiver = starved_.front();
    starved_.pop_front();
    receiver.arm();
  }
  if (!starved_.empty()) core_.chunk_waiters().add(feeding_);
}

}  // namespace corering::net
