#include <cmath>
#include <cstdio>

#include "corering/metrics/json.h"
#include "load/report.h"

namespace load {

using corering::metrics::Distribution;

namespace {

// An object under construction: {"name":value,...}.
class Object {
 public:
  Object& raw(std::string_view name, std::string_view value) {
    text_ += text_.size() > 1 ? ",\"" : "\"";
    ((text_ += name) += "\":") += value;
    return *this;
  }
  Object& number(std::string_view name, double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.9g", std::isfinite(value) ? value : 0.0);
    return raw(name, text);
  }
  Object& count(std::string_view name, std::uint64_t value) { return raw(name, std::to_string(value)); }
  Object& text(std::string_view name, std::string_view value) { return raw(name, corering::metrics::json_string(value)); }
  std::string end() const { return text_ + "}"; }

 private:
  std::string text_ = "{";
};

std::string latency(const Distribution& all) {
  const auto us = [&](double percent) { return static_cast<double>(all.percentile(percent)) / 1e3; };
  return Object()
      .count("count", all.count())
      .number("min", static_cast<double>(all.min()) / 1e3)
      .number("mean", all.mean() / 1e3)
      .number("p50", us(50))
      .number("p90", us(90))
      .number("p95", us(95))
      .number("p99", us(99))
      .number("p99_9", us(99.9))
      .number("p99_99", us(99.99))
      .number("max", static_cast<double>(all.max()) / 1e3)
      .end();
}

std::string usage(const Report& report, const Usage& usage) {
  return Object()
      .number("user_seconds", usage.user_seconds)
      .number("system_seconds", usage.system_seconds)
      .number("us_per_request", report.us_per_request(usage.cpu_seconds()))
      .count("resident_bytes", usage.resident_bytes)
      .end();
}

std::string settings(const Options& options) {
  return Object()
      .text("protocol", name_of(options.protocol))
      .text("address", options.address.text())
      .text("pacing", options.pacing == Pacing::open ? "open" : "closed")
      .number("rate", options.rate)
      .count("connections", options.connections)
      .count("pipeline", options.pipeline)
      .count("cores", options.runtime.cores)
      .count("keys", options.keys.count)
      .text("distribution", name_of(options.keys.distribution))
      .number("set_share", options.set_share)
      .count("value_bytes_min", options.value_bytes_min)
      .count("value_bytes_max", options.value_bytes_max)
      .count("seed", options.seed)
      .end();
}

std::string failures(const Report& report) {
  return Object()
      .count("all", report.failures())
      .number("rate", report.error_rate())
      .count("error_replies", report.error_replies)
      .count("wrong_values", report.wrong_values)
      .count("malformed", report.malformed)
      .count("timed_out", report.timed_out)
      .number("timed_out_rate", report.rate_of(report.timed_out))
      .count("lost", report.lost)
      .count("unsent", report.unsent)
      .end();
}

std::string connections(const Report& report) {
  const std::uint64_t tried = report.connects + report.connect_failures;
  return Object()
      .count("opened", report.connects)
      .number("opened_per_second", report.per_second(report.window_connects))
      .count("failed", report.connect_failures)
      .number("failed_rate", tried == 0 ? 0 : static_cast<double>(report.connect_failures) / static_cast<double>(tried))
      .count("closed_by_server", report.connections_lost)
      .end();
}

std::string targets(const Report& report) {
  std::string text = "[";
  for (const TargetResult& target : report.targets) {
    if (text.size() > 1) text += ',';
    text += Object()
                .text("name", target.name)
                .number("wanted", target.wanted)
                .number("found", target.found)
                .raw("met", target.met ? "true" : "false")
                .end();
  }
  return text + "]";
}

}  // namespace

std::string to_json(const Report& report) {
  return Object()
             .raw("settings", settings(*report.options))
             .number("window_seconds", report.window_seconds)
             .count("requests", report.latency.count())
             .number("requests_per_second", report.requests_per_second())
             .count("peak_requests_per_second", report.peak_requests_per_second)
             .number("sent_bytes_per_second", report.per_second(report.window_sent_bytes))
             .number("received_bytes_per_second", report.per_second(report.window_received_bytes))
             .count("misses", report.misses)
             .raw("failures", failures(report))
             .raw("connections", connections(report))
             .raw("latency_us", latency(report.latency))
             .raw("get_latency_us", latency(report.get_latency))
             .raw("set_latency_us", latency(report.set_latency))
             .raw("connect_latency_us", latency(report.connect_latency))
             .raw("load_usage", usage(report, report.own))
             .raw("server_usage", usage(report, report.server))
             .count("machine_network_bytes", report.network_bytes)
             .count("load_disk_bytes", report.disk_bytes)
             .raw("targets", targets(report))
             .end() +
         "\n";
}

}  // namespace load
