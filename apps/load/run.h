// Run: a load from options to report: cores started, phases awaited, measures added up.
#pragma once

#include "corering/base/result.h"
#include "load/report.h"

namespace load {

// Blocks until the run is over. SIGINT and SIGTERM end it early, with a report of what there is; call before any thread exists.
// Errors: as Runtime::start; system if no connection could be opened.
corering::base::Result<Report> run(const Options& options);

}  // namespace load
