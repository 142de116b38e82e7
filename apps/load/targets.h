// What a run has to reach: each target is met or missed by the report, and a missed one makes exit code 3.
#pragma once

#include <string>
#include <vector>

namespace load {

struct Report;

// 0, or less for the error rate: no target.
struct Targets {
  double p50_us = 0;
  double p95_us = 0;
  double p99_us = 0;
  double p999_us = 0;
  double rps = 0;
  double error_rate = -1;  // share of the requests, 0 to 1
};

struct TargetResult {
  std::string name;
  double wanted = 0;
  double found = 0;
  bool met = false;
};

// One result per target that is set.
std::vector<TargetResult> judge(const Targets& targets, const Report& report);

}  // namespace load
