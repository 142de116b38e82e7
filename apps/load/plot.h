// Plot: the distribution of the latencies as an SVG file: how many requests took how long, with the percentiles marked.
//
// One self-contained file, readable on light and dark pages.
#pragma once

#include <string>

#include "load/report.h"

namespace load {

std::string to_svg(const Report& report);

}  // namespace load
