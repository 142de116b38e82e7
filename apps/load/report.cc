#include "load/report.h"

#include <cstdio>

namespace load {

using corering::metrics::Distribution;

namespace {

// A line of the table: a name, and whatever printf makes of the rest.
template <typename... Values>
void line(std::string& text, const char* name, const char* format, Values... values) {
  char value[256];
  std::snprintf(value, sizeof value, format, values...);
  char whole[320];
  std::snprintf(whole, sizeof whole, "  %-20s %s\n", name, value);
  text += whole;
}

double us(std::uint64_t ns) { return static_cast<double>(ns) / 1e3; }

void latency_row(std::string& text, const char* name, const Distribution& all) {
  if (all.count() == 0) return;
  char row[256];
  std::snprintf(row, sizeof row, "  %-8s %12llu %9.1f %9.1f %9.1f %9.1f %9.1f %9.1f %9.1f %9.1f %9.1f\n", name,
                static_cast<unsigned long long>(all.count()), us(all.min()), all.mean() / 1e3, us(all.percentile(50)),
                us(all.percentile(90)), us(all.percentile(95)), us(all.percentile(99)), us(all.percentile(99.9)),
                us(all.percentile(99.99)), us(all.max()));
  text += row;
}

void latency_table(std::string& text, const Report& report) {
  char head[256];
  std::snprintf(head, sizeof head, "\n  %-8s %12s %9s %9s %9s %9s %9s %9s %9s %9s %9s\n", "us", "count", "min", "mean", "p50",
                "p90", "p95", "p99", "p99.9", "p99.99", "max");
  text += head;
  const bool has_both = report.get_latency.count() != 0 && report.set_latency.count() != 0;
  latency_row(text,
              has_both                                     ? "all"
              : report.options->protocol == Protocol::echo ? "echo"
              : report.set_latency.count() != 0            ? "set"
                                                           : "get",
              report.latency);
  if (has_both) latency_row(text, "get", report.get_latency);
  if (has_both) latency_row(text, "set", report.set_latency);
  latency_row(text, "connect", report.connect_latency);
}

void usage_lines(std::string& text, const Report& report, const char* name, const Usage& usage) {
  if (usage.cpu_seconds() <= 0) return;
  line(text, name, "%.2f us per request (user %.2f s, system %.2f s, %.0f %% of a CPU), %.1f MiB resident",
       report.us_per_request(usage.cpu_seconds()), usage.user_seconds, usage.system_seconds,
       100 * usage.cpu_seconds() / report.window_seconds, static_cast<double>(usage.resident_bytes) / (1 << 20));
}

unsigned long long ull(std::uint64_t value) { return value; }

}  // namespace

double Report::error_rate() const noexcept { return rate_of(failures()); }

double Report::rate_of(std::uint64_t failed) const noexcept {
  const std::uint64_t all = latency.count() + timed_out + lost + unsent;
  return all == 0 ? 0 : static_cast<double>(failed) / static_cast<double>(all);
}

double Report::us_per_request(double cpu_seconds) const noexcept {
  return window_replies == 0 ? 0 : cpu_seconds * 1e6 / static_cast<double>(window_replies);
}

std::string to_table(const Report& report) {
  const Options& options = *report.options;
  std::string text = "corering-load: " + std::string(name_of(options.protocol)) + " at " + options.address.text() + "\n";
  const std::string pace = options.pacing == Pacing::open ? "open loop" : "closed loop";
  line(text, "load", "%s, %u connections, %u outstanding each, %u cores", pace.c_str(), options.connections, options.pipeline,
       options.runtime.cores);
  if (options.pacing == Pacing::open) line(text, "rate", "%.0f requests/s wanted", options.rate);
  line(text, "window", "%.2f s after %.2f s of warm-up", report.window_seconds, static_cast<double>(options.warmup.count()) / 1e9);
  line(text, "requests", "%llu, %.0f/s, peak %llu/s", ull(report.latency.count()), report.requests_per_second(),
       ull(report.peak_requests_per_second));
  line(text, "bytes", "%.2f MB/s sent, %.2f MB/s received", report.per_second(report.window_sent_bytes) / 1e6,
       report.per_second(report.window_received_bytes) / 1e6);
  line(text, "connections", "%llu opened, %.0f/s in the window, %llu failed to open, %llu closed by the server",
       ull(report.connects), report.per_second(report.window_connects), ull(report.connect_failures), ull(report.connections_lost));
  line(text, "failures",
       "%llu (%.4f %%): %llu error replies, %llu wrong values, %llu malformed, %llu timed out, %llu lost, %llu unsent",
       ull(report.failures()), 100 * report.error_rate(), ull(report.error_replies), ull(report.wrong_values),
       ull(report.malformed), ull(report.timed_out), ull(report.lost), ull(report.unsent));
  if (options.has_keys()) line(text, "misses", "%llu", ull(report.misses));
  usage_lines(text, report, "load CPU", report.own);
  usage_lines(text, report, "server CPU", report.server);
  line(text, "machine", "%.2f MB of network traffic, %.2f MB of disk traffic", static_cast<double>(report.network_bytes) / 1e6,
       static_cast<double>(report.disk_bytes) / 1e6);
  latency_table(text, report);
  for (const TargetResult& target : report.targets) {
    line(text, ("target " + target.name).c_str(), "%s: wanted %g, found %g", target.met ? "met" : "MISSED", target.wanted,
         target.found);
  }
  return text;
}

}  // namespace load
