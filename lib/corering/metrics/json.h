// Metrics as JSON, for pages that draw them: what the exposition for Prometheus has, but histograms in full resolution.
//
//   [{"name": "turn_ns", "kind": "histogram", "help": "...", "series": [
//      {"labels": {"core": "0"}, "count": 3, "sum": 4096, "steps": [[70, 2], [640, 1]]}]},
//    {"name": "turns", "kind": "counter", "help": "...", "series": [{"labels": {"core": "0"}, "value": 17}]}]
//
// Names are the registered ones. `steps` lists [step, samples] of the steps that have any: see HistogramSteps for their bounds.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "corering/metrics/registry.h"

namespace corering::metrics {

// The text as a JSON string, with its quotation marks. Control characters are escaped; UTF-8 stays as it is.
std::string json_string(std::string_view text);

std::string to_json(std::span<const Family> families);

}  // namespace corering::metrics
