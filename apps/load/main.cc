// corering-load: loads a server that speaks echo, RESP or memcached, and reports what it could bear.

#include <cstdio>
#include <fstream>
#include <string>

#include "common/command_line.h"
#include "load/plot.h"
#include "load/report.h"
#include "load/run.h"

namespace {

using namespace corering;

constexpr const char* kName = "corering-load";
constexpr int kCorrupt = 1;
constexpr int kTargetMissed = 3;

base::Result<> write_file(const std::string& path, const std::string& text) {
  if (path.empty()) return {};
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (file) return {};
  return base::failure({base::ErrorCode::system, 0, "cannot write " + path + ": name a file in a folder that may be written to"});
}

int finish(const load::Options& options, const load::Report& report) {
  std::fputs(load::to_table(report).c_str(), stdout);
  for (const auto& [path, text] : {std::pair(options.json_path, load::to_json(report)), {options.svg_path, load::to_svg(report)}}) {
    if (auto written = write_file(path, text); !written) return apps::report_failure(kName, written.error());
  }
  if (report.is_corrupt()) {
    std::fprintf(stderr, "%s: the server sent %llu wrong values and %llu malformed replies\n", kName,
                 static_cast<unsigned long long>(report.wrong_values), static_cast<unsigned long long>(report.malformed));
    return kCorrupt;
  }
  for (const load::TargetResult& target : report.targets) {
    if (!target.met) return kTargetMissed;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  apps::parse_command_line(argc, argv,
                           "corering-load: loads a server that speaks echo, RESP or memcached, and reports what it could bear.");
  auto options = load::options_from_flags();
  if (!options) return apps::report_failure(kName, options.error());
  auto report = load::run(*options);
  if (!report) return apps::report_failure(kName, report.error());
  return finish(*options, *report);
}
