// What the server under load uses, if it is on this machine and its process is named. Source: proc(5).
#pragma once

#include "load/report.h"

namespace load {

// All zero for pid 0, or if there is no such process. User and system time come in steps of a clock tick, run time does not.
Usage server_usage(int pid);

}  // namespace load
