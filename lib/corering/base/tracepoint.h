// Tracepoints: named places where bpftrace, perf, SystemTap or gdb can look into a running server. While nobody looks, each is one
// no-op instruction; there is nothing to switch on, and no build without them.
//
//   CORERING_TRACE(receive, core, &connection, bytes);    // usdt: corering:receive, arg0 to arg2
//
// Arguments are integers and pointers, at most 12; they are computed whether anybody looks or not, so they have to lie at hand.
// tools/trace has recipes and the table of all tracepoints; they are an interface to operators: do not rename them lightly.
// Thread: any. Source: <sys/sdt.h> of SystemTap; where the header is missing there are no tracepoints.
#pragma once

#if __has_include(<sys/sdt.h>)
#define SDT_USE_VARIADIC
#include <sys/sdt.h>
#define CORERING_TRACE(...) STAP_PROBEV(corering, __VA_ARGS__)
#else
#define CORERING_TRACE(...) static_cast<void>(0)
#endif
