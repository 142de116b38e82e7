// StackTrace: where another thread is, as addresses taken in a signal handler, and as names given to them afterwards.
//
// Thread: capture by one at a time. Source: signal-safety(7); libbacktrace, which reads the program's own symbols and line numbers.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "corering/base/clock.h"
#include "corering/base/result.h"

namespace corering::runtime {

// Lets `signal_number` capture stacks. To be called before capture. Errors: system.
base::Result<> install_stack_capture(int signal_number);

// Sends the signal to a thread of this process and waits until it has noted its stack. Empty if it does not within `patience`: it is
// blocked in the kernel, or gone. Requires: install_stack_capture.
std::vector<std::uintptr_t> capture_stack(pid_t thread_id, int signal_number, base::Duration patience);

// One line per frame, innermost first: "  #0 function at file:line". Cost: the first call reads the program's symbols, milliseconds.
std::string describe_stack(const std::vector<std::uintptr_t>& stack);

}  // namespace corering::runtime
