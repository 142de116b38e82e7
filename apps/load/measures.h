// What one core measures while it loads a server. Thread: its core writes, anybody reads.
#pragma once

#include "corering/metrics/counter.h"
#include "corering/metrics/histogram.h"

namespace load {

// Requests and replies count if their request was to be sent between the warm-up and the end.
struct Measures {
  corering::metrics::Histogram get_ns;  // from the time at which a request was to be sent to its reply; echoes count as gets
  corering::metrics::Histogram set_ns;
  corering::metrics::Histogram connect_ns;  // of every connection

  corering::metrics::Counter replies;  // of all requests, whenever sent: for the progress line and the CPU time per request
  corering::metrics::Counter misses;
  corering::metrics::Counter error_replies;
  corering::metrics::Counter wrong_values;
  corering::metrics::Counter malformed;  // replies; each breaks its connection
  corering::metrics::Counter timed_out;  // requests without a reply in time; each breaks its connection
  corering::metrics::Counter lost;       // requests whose connection broke before their reply
  corering::metrics::Counter unsent;     // requests of an open loop for which no connection had room until the end

  // From the start.
  corering::metrics::Counter sent_bytes;
  corering::metrics::Counter received_bytes;
  corering::metrics::Counter connects;
  corering::metrics::Counter connect_failures;
  corering::metrics::Counter connections_lost;  // closed by the server
};

}  // namespace load
