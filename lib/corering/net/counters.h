// What the net room counts, per core. Names as registered: see register_counters.
#pragma once

#include <string>

#include "corering/metrics/counter.h"
#include "corering/metrics/registry.h"

namespace corering::net {

struct Counters {
  metrics::Counter accepted;
  metrics::Counter closed;
  metrics::Counter refused;          // accepted beyond the limit, or while draining, and closed at once
  metrics::Counter accept_failures;  // EMFILE and its like
  metrics::Counter accept_pauses;    // at the connection limit
  metrics::Counter received_bytes;
  metrics::Counter sent_bytes;
  metrics::Counter copied_bytes;     // by us, in user space
  metrics::Counter landed_bytes;     // received into memory of the session
  metrics::Counter discarded_bytes;  // received after the session had finished
  metrics::Counter receives;         // completions with data
  metrics::Counter sends;
  metrics::Counter short_sends;
  metrics::Counter zero_copy_sends;         // among the sends
  metrics::Counter zero_copy_fixed_sends;   // among those, from registered memory
  metrics::Counter zero_copy_bytes;         // among the sent bytes
  metrics::Counter zero_copy_copied_sends;  // zero-copy sends that the kernel copied after all
  metrics::Counter starved;                 // receives that found no chunk
  metrics::Counter reserve_receives;        // those into chunks of the reserve, when all others are lent out
  metrics::Counter input_overflows;         // connections whose session consumed nothing of a full input
  metrics::Counter write_waits;             // writes that found too few chunks
  metrics::Counter lent_bytes;              // queued to be sent from where they lie
  metrics::Counter lending_refused;         // because lent_slices_max are out
  metrics::Counter throttled;               // receives stopped because the peer reads slowly or the session lags
  metrics::Counter timed_out;               // idle
  metrics::Counter peer_failures;           // resets and their like
  metrics::Counter aborted;
};

// `prefix` goes before each name: empty for accepted connections, "client_" for dialed ones.
void register_counters(metrics::Registry& registry, const Counters& counters, const std::string& prefix = {});

}  // namespace corering::net
