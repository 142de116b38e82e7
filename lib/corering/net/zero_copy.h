// When to send without copying.
//
// A zero-copy send saves the kernel a copy and costs it page references and a notification: worth it on real network cards from a
// few KiB up, never on loopback, veth or AF_UNIX, where the kernel copies anyway and says so in the notification. A ZeroCopyTrial
// draws the conclusion for one path: a connection, or all connections of a listener.
//
// Thread: owning core only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "corering/base/clock.h"
#include "corering/base/result.h"

namespace corering::net {

enum class ZeroCopy : std::uint8_t {
  automatic,  // as long as the kernel's reports say that it pays
  always,     // whatever they say
  never,
};

struct SendPolicy {
  ZeroCopy zero_copy = ZeroCopy::automatic;
  std::size_t zero_copy_min_bytes = std::size_t{4} << 10;  // per send, however many pieces it gathers
};

// Errors: invalid_argument for an unknown name.
base::Result<ZeroCopy> parse_zero_copy(std::string_view name);

class ZeroCopyTrial {
 public:
  // Copied sends after which a path is given up; as many may be under way without a report. A peer may stall and its report never
  // come: time goes on, and one more is allowed.
  static constexpr std::uint32_t kCopiedMax = 16;
  // Then one send at a time asks again, at intervals that double.
  static constexpr base::Duration kProbeIntervalMin = std::chrono::seconds(10);
  static constexpr base::Duration kProbeIntervalMax = std::chrono::minutes(10);

  bool may_send(base::Instant now) const noexcept;
  void on_submitted(base::Instant now) noexcept;
  void on_report(bool copied, base::Instant now) noexcept;

  // Of a send that failed before there was anything to report.
  void on_no_report() noexcept { --unreported_; }

  // The kernel lacks the memory for it, or copies: not before the next probe.
  void give_up(base::Instant now) noexcept;

  // The sockets of this path cannot do it at all.
  void make_impossible() noexcept { impossible_ = true; }
  bool is_impossible() const noexcept { return impossible_; }

 private:
  bool impossible_ = false;
  bool proven_ = false;              // the last report said: not copied
  std::uint32_t copied_in_row_ = 0;  // up to kCopiedMax
  std::uint32_t unreported_ = 0;
  base::Instant probe_at_;
  base::Duration probe_interval_ = kProbeIntervalMin;
};

}  // namespace corering::net
