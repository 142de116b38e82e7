#include "load/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace load {

Progress::Progress() : is_terminal_(::isatty(STDERR_FILENO) == 1), last_(corering::base::SteadyClock().now()) {}

void Progress::show(corering::base::Instant now, std::uint64_t replies, bool in_window) {
  const corering::base::Duration elapsed = now - last_;
  if (elapsed < std::chrono::seconds(1)) return;
  const double per_second = static_cast<double>(replies - last_replies_) * 1e9 / static_cast<double>(elapsed.count());
  if (in_window) peak_ = std::max(peak_, static_cast<std::uint64_t>(per_second));
  if (is_terminal_) {
    std::fprintf(stderr, "\r\033[K%s: %.0f replies/s, %llu in all", in_window ? "measuring" : "preparing", per_second,
                 static_cast<unsigned long long>(replies));
  }
  last_ = now;
  last_replies_ = replies;
}

void Progress::end() {
  if (is_terminal_) std::fprintf(stderr, "\r\033[K");
}

}  // namespace load
