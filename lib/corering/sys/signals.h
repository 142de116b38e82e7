// Signals as values: blocked everywhere, waited for in one place.
//
// No code runs in a signal handler. Block the signals before the first thread starts (threads inherit the mask), then wait.
#pragma once

#include <initializer_list>
#include <optional>

#include "corering/base/clock.h"

namespace corering::sys {

// Blocks the signals for the calling thread and those it starts from now on.
void block_signals(std::initializer_list<int> signals);

// The next of the (blocked) signals, or nothing after the time-out. Thread: any, one at a time.
std::optional<int> wait_for_signal(std::initializer_list<int> signals, base::Duration timeout);

}  // namespace corering::sys
