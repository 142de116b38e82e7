// The command line as all programs of this folder treat it: --help, --version, bad flags, and how a failure is told.
#pragma once

#include "corering/base/error.h"

namespace apps {

// Reads the command line. Prints what is asked for (--help, --version) or what is wrong (one line on stderr) and ends the
// process: exit code 0 or 2. `summary` is the first line of --help.
void parse_command_line(int argc, char** argv, const char* summary);

// Prints "NAME: TEXT" as one line on stderr and returns the exit code that belongs to the error: 2 for what can never work, else 1.
int report_failure(const char* name, const corering::base::Error& error);

}  // namespace apps
