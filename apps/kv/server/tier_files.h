// TierFiles: the files of the cold tier, one per core, in a folder of their own.
//
//   core-0-of-2.l3  core-1-of-2.l3
//
// A file holds the keys of its core's hash slots, so it is bound to the number of cores: its name says it, and its header, which nobody
// renames. Files of another number of cores are refused, not dealt out anew: which is right the operator knows.
//
// All are opened before a core runs, so that whatever is wrong with one of them is one line and nothing has begun to serve.
//
// Thread: one. Lifetime: outlives the cores.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "corering/base/result.h"
#include "corering/cache/log_file.h"

namespace kv {

struct TierFileOptions {
  std::string folder;       // made if it is not there, but not the folder that it lies in
  std::uint64_t bytes = 0;  // of all files together
  unsigned cores = 1;
  bool resets = false;  // what is there is thrown away; files of other numbers of cores are removed
};

class TierFiles {
 public:
  // The least that each core needs.
  static constexpr std::uint64_t kBytesPerCoreMin = std::uint64_t{32} << 20;

  // Waits up to two seconds for a file that is in use. Errors: system: each with its remedy.
  static corering::base::Result<TierFiles> open(const TierFileOptions& options);

  const corering::cache::LogFile& of_core(unsigned core) const noexcept { return files_[core]; }
  bool empty() const noexcept { return files_.empty(); }

 private:
  std::vector<corering::cache::LogFile> files_;
};

}  // namespace kv
