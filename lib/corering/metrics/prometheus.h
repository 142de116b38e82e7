// The exposition: metrics as Prometheus reads them.
//
// Names follow Prometheus conventions: corering_ in front, base units, _total behind counters. "received_bytes" becomes
// corering_received_bytes_total, "busy_ns" corering_busy_seconds_total; a gauge's own "_total" is dropped, and names that begin
// with "process_" stay as they are, because every exporter calls them so. Histograms get a bucket per power of two, whose bounds
// coincide with those of the histogram's own steps, so that their counts are exact.
//
// Source: prometheus.io/docs/instrumenting/exposition_formats (text format 0.0.4), prometheus.io/docs/practices/naming.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "corering/metrics/registry.h"

namespace corering::metrics {

inline constexpr std::string_view kPrometheusContentType = "text/plain; version=0.0.4; charset=utf-8";

// The name that a family is exposed under.
std::string prometheus_name(std::string_view name, Kind kind);

// All families, one after the other. Cost: allocates; about 100 ns per line.
std::string to_prometheus(std::span<const Family> families);

}  // namespace corering::metrics
