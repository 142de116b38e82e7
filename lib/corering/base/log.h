// Log: lines for the operator on stderr.
//
// For start, stop and configuration. Never for what a peer or load causes, event by event: that is a counter.
// Thread: any; each line is one write(2), so lines of several cores do not mix.
#pragma once

#include <string_view>

namespace corering::base {

enum class LogLevel { debug, info, warning, error, silent };

// Lines below the level are dropped. The start value is info. Thread: any.
void set_log_level(LogLevel level) noexcept;

// Writes "corering: <line>\n" (warnings and errors name their level). Cost: one system call. Errors: a failing write is ignored.
void log(LogLevel level, std::string_view line) noexcept;

}  // namespace corering::base
