#include "corering/net/zero_copy.h"

#include <algorithm>
#include <string>

namespace corering::net {

base::Result<ZeroCopy> parse_zero_copy(std::string_view name) {
  if (name == "auto") return ZeroCopy::automatic;
  if (name == "always") return ZeroCopy::always;
  if (name == "never") return ZeroCopy::never;
  return base::failure({base::ErrorCode::invalid_argument, 0, "found '" + std::string(name) + "', need auto, always or never"});
}

bool ZeroCopyTrial::may_send(base::Instant now) const noexcept {
  return proven_ || copied_in_row_ + unreported_ < kCopiedMax || now >= probe_at_;
}

void ZeroCopyTrial::on_submitted(base::Instant now) noexcept {
  ++unreported_;
  if (!proven_ && copied_in_row_ + unreported_ >= kCopiedMax) probe_at_ = now + probe_interval_;
}

void ZeroCopyTrial::on_report(bool copied, base::Instant now) noexcept {
  --unreported_;
  proven_ = !copied;
  if (!copied) {
    copied_in_row_ = 0;
    probe_interval_ = kProbeIntervalMin;
  } else if (copied_in_row_ + 1 < kCopiedMax) {
    ++copied_in_row_;
  } else {
    give_up(now);
  }
}

void ZeroCopyTrial::give_up(base::Instant now) noexcept {
  proven_ = false;
  copied_in_row_ = kCopiedMax;
  probe_at_ = now + probe_interval_;
  probe_interval_ = std::min(probe_interval_ * 2, kProbeIntervalMax);
}

}  // namespace corering::net
