#include "corering/base/log.h"

#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>

namespace corering::base {

namespace {

std::atomic<LogLevel> threshold{LogLevel::info};

iovec piece(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

std::string_view prefix_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "corering: debug: ";
    case LogLevel::warning: return "corering: warning: ";
    case LogLevel::error: return "corering: error: ";
    default: return "corering: ";
  }
}

}  // namespace

void set_log_level(LogLevel level) noexcept { threshold.store(level, std::memory_order_relaxed); }

void log(LogLevel level, std::string_view line) noexcept {
  if (level < threshold.load(std::memory_order_relaxed)) return;
  const std::array<iovec, 3> pieces{piece(prefix_of(level)), piece(line), piece("\n")};
  // A log line that cannot be written has nowhere else to go.
  [[maybe_unused]] const ssize_t written = ::writev(STDERR_FILENO, pieces.data(), static_cast<int>(pieces.size()));
}

}  // namespace corering::base
