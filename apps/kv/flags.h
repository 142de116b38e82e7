// The flags of corering-kv, and what they mean for its parts.
#pragma once

#include <cstddef>
#include <string>

#include "common/flags.h"
#include "corering/base/result.h"
#include "kv/server/configuration.h"
#include "kv/server/tier_files.h"
#include "kv/store/keyspace.h"

namespace kv {

struct Options {
  apps::ServerOptions server;  // with the memcached address last, if that is served
  Configuration configuration;
  std::size_t l1_bytes = 0;  // of each core
  std::size_t l2_bytes = 0;  // the same
  bool compress = false;     // what lies below L1
  TierFileOptions files;     // none: no folder
  Eviction eviction = Eviction::allowed;
};

// Before the command line is read: what is otherwise for this server than for others.
void set_flag_defaults();

// Errors: invalid_argument (exit code 2), others (1).
corering::base::Result<Options> options_of_flags();

}  // namespace kv
