#include "common/command_line.h"

#include <gflags/gflags.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

// What gflags calls to end the process. Debian's gflags lives in namespace google; its header names the namespace in a macro.
namespace GFLAGS_NAMESPACE {
extern void (*gflags_exitfunc)(int);
}

namespace apps {

namespace {

[[noreturn]] void print_help(const char* summary) {
  std::printf("%s\n\n", summary);
  std::vector<GFLAGS_NAMESPACE::CommandLineFlagInfo> flags;
  GFLAGS_NAMESPACE::GetAllFlags(&flags);
  for (const auto& flag : flags) {
    // gflags has some thirty flags of its own; the one that operators use is named below.
    if (flag.filename.find("apps/") == std::string::npos) continue;
    const std::string usage = "--" + flag.name + "=" + flag.default_value;
    std::printf("  %-28s %s\n", usage.c_str(), flag.description.c_str());
  }
  std::printf("  %-28s %s\n", "--flagfile=FILE", "read flags from a file, one per line");
  std::printf("  %-28s %s\n", "--help, --version", "print this, or the version, and exit");
  std::exit(0);
}

bool is_asked_for(const char* flag) {
  std::string value;
  return GFLAGS_NAMESPACE::GetCommandLineOption(flag, &value) && value == "true";
}

}  // namespace

void parse_command_line(int argc, char** argv, const char* summary) {
  GFLAGS_NAMESPACE::SetVersionString(CORERING_VERSION);
  // gflags ends the process with 1 on a bad flag; here 1 means that a sound command could not be carried out.
  GFLAGS_NAMESPACE::gflags_exitfunc = [](int) { std::exit(2); };
  GFLAGS_NAMESPACE::ParseCommandLineNonHelpFlags(&argc, &argv, true);
  if (is_asked_for("help") || is_asked_for("helpfull") || is_asked_for("helpshort")) print_help(summary);
  if (is_asked_for("version")) {
    std::printf("%s %s\n", GFLAGS_NAMESPACE::ProgramInvocationShortName(), CORERING_VERSION);
    std::exit(0);
  }
  if (argc > 1) {
    std::fprintf(stderr, "%s: found argument '%s', need flags only: see --help\n", GFLAGS_NAMESPACE::ProgramInvocationShortName(),
                 argv[1]);
    std::exit(2);
  }
}

int report_failure(const char* name, const corering::base::Error& error) {
  std::string line = error.text;
  std::ranges::replace(line, '\n', ' ');
  std::fprintf(stderr, "%s: %s\n", name, line.c_str());
  return error.code == corering::base::ErrorCode::invalid_argument ? 2 : 1;
}

}  // namespace apps
