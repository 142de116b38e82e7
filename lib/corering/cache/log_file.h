// LogFile: the file of a cache's cold tier: opened, locked, allocated in full, and known to be ours.
//
// The whole file is allocated when it is opened: a full disk shows here, and not as a failing write at three in the morning. The lock
// is the kernel's (an open file description lock): it goes when the process goes, however it goes, but not
// before the last operation of its ring, so a start after kill -9 waits for that, and no write of the dead comes late. A file that is not
// a cache file, or of another version, is refused and left as it is; only the reset option makes it one.
//
// Thread: any, one at a time; blocks. Lifetime: outlives the device made from it.
// Kernel: OFD locks 3.15; fallocate needs a file system that has it (ext4, xfs, btrfs, tmpfs).
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "corering/base/bytes.h"
#include "corering/base/result.h"
#include "corering/cache/log_file_layout.h"

namespace corering::cache {

class LogFile {
 public:
  enum class Content : std::uint8_t { keep, reset };

  struct Options {
    std::string path;
    std::uint64_t bytes_max = 0;  // as many segments as fit
    std::size_t segment_bytes = std::size_t{2} << 20;
    std::uint64_t owner = 0;  // who may use it: e.g. which core of how many
    Content content = Content::keep;
  };

  // Creates the file if it is not there. Errors: invalid_argument (too small for eight segments; not a cache file, another version,
  // another owner, or divided otherwise), address_in_use (locked, naming the process if the kernel tells), system (the disk is full, ...).
  static base::Result<LogFile> open(const Options& options);

  LogFile(LogFile&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), layout_(other.layout_), was_poisoned_(other.was_poisoned_), is_new_(other.is_new_) {}
  ~LogFile();

  int fd() const noexcept { return fd_; }
  const LogFileLayout& layout() const noexcept { return layout_; }
  bool is_new() const noexcept { return is_new_; }              // formatted by this open
  bool was_poisoned() const noexcept { return was_poisoned_; }  // an earlier process could not write it: it was formatted again

 private:
  explicit LogFile(int fd) noexcept : fd_(fd) {}

  base::Result<> prepare(const Options& options);
  base::Result<> adopt(const Options& options, const LogFileLayout& wanted, std::uint64_t file_bytes);
  base::Result<> format(const Options& options, const LogFileLayout& wanted);
  base::Result<> allocate(const Options& options);
  base::Result<> write_superblocks(const Options& options);
  base::Result<> write_marks(const Options& options);

  int fd_;
  LogFileLayout layout_;
  bool was_poisoned_ = false;
  bool is_new_ = false;
};

}  // namespace corering::cache
