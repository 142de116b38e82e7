// CrashFile: one cache file on the real kernel, with the small owner of the simulation, through plain calls or a ring's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "../sim/map_owner.h"
#include "corering/cache/log.h"
#include "corering/cache/log_file.h"
#include "corering/cache/posix_device.h"

namespace crash {

using namespace corering;

class CrashFile {
 public:
  static constexpr std::size_t kSegmentBytes = std::size_t{64} << 10;
  static constexpr std::uint64_t kBytes = std::uint64_t{3} << 20;

  // "" or why it cannot be opened. `seed`: of the owner's whims.
  std::string open(const std::string& path, std::uint64_t seed);

  cache::Log& log() noexcept { return *log_; }
  sim::MapOwner& owner() noexcept { return *owner_; }

  // The value found under a key; nothing for a miss.
  std::optional<std::string> read(const std::string& key);

  // Turns until everything that was started has ended.
  void settle();

  void close();
  ~CrashFile() { close(); }

 private:
  std::optional<cache::LogFile> file_;
  std::unique_ptr<cache::PosixDevice> device_;
  std::unique_ptr<sim::MapOwner> owner_;
  std::unique_ptr<cache::Log> log_;
};

}  // namespace crash
