#include "corering/cache/log_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "corering/cache/file_marks.h"
#include "corering/cache/superblock.h"

namespace corering::cache {

namespace {

constexpr std::size_t kSegmentsMin = 8;
// Five seconds for a disk to end what a dead process has asked of it.
constexpr int kLockAttemptsMax = 1000;
constexpr auto kLockPause = std::chrono::milliseconds(5);

base::Error refused(std::string text) { return {base::ErrorCode::invalid_argument, 0, std::move(text)}; }

std::uint64_t random_id() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

LogFileLayout layout_for(const LogFile::Options& options) {
  LogFileLayout layout{.segment_bytes = options.segment_bytes, .owner = options.owner};
  const std::uint64_t around = layout.file_bytes();
  if (options.bytes_max > around) layout.segment_count = (options.bytes_max - around) / options.segment_bytes;
  return layout;
}

bool read_block(int fd, std::uint64_t offset, base::MutableBytes into) {
  return ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset)) == static_cast<ssize_t>(into.size());
}

// The process that holds the lock; 0 if nobody knows.
pid_t holder_of(int fd) {
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  // The kernel knows the process of a classic lock only; for one of ours it says -1.
  if (::fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0) return lock.l_pid;
  char text[32] = {};
  if (::pread(fd, text, sizeof text - 1, static_cast<off_t>(Superblock::kHolderOffset)) <= 0) return 0;
  return static_cast<pid_t>(std::max(std::atol(text), 0L));
}

base::Error holder_error(pid_t holder, const std::string& path) {
  const std::string name = holder > 0 ? "process " + std::to_string(holder) : "another process";
  return {base::ErrorCode::address_in_use, EAGAIN,
          "the cache file " + path + " is in use by " + name + ": every server needs its own"};
}

// The operations that a killed process had under way on its ring hold the file, and the lock, until they have ended.
base::Result<> lock(int fd, const std::string& path) {
  struct flock whole = {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  for (int attempt = 0;; ++attempt) {
    if (::fcntl(fd, F_OFD_SETLK, &whole) == 0) return {};
    if (errno != EAGAIN && errno != EACCES) return base::failure(base::os_error(errno, "locking the cache file " + path));
    const pid_t holder = holder_of(fd);
    const bool is_dead = holder > 0 && ::kill(holder, 0) != 0 && errno == ESRCH;
    if (!is_dead || attempt == kLockAttemptsMax) return base::failure(holder_error(holder, path));
    std::this_thread::sleep_for(kLockPause);
  }
}

}  // namespace

LogFile::~LogFile() {
  if (fd_ >= 0) ::close(fd_);
}

base::Result<LogFile> LogFile::open(const Options& options) {
  const int fd = ::open(options.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return base::failure(base::os_error(errno, "opening the cache file " + options.path));
  LogFile file(fd);
  if (auto locked = lock(fd, options.path); !locked) return base::failure(std::move(locked.error()));
  if (auto prepared = file.prepare(options); !prepared) return base::failure(std::move(prepared.error()));
  return file;
}

base::Result<> LogFile::prepare(const Options& options) {
  const LogFileLayout wanted = layout_for(options);
  if (wanted.segment_count < kSegmentsMin) {
    const LogFileLayout least{.segment_bytes = options.segment_bytes, .segment_count = kSegmentsMin};
    return base::failure(refused("the cache file " + options.path + " may have " + std::to_string(options.bytes_max) +
                                 " bytes, needs " + std::to_string(least.file_bytes())));
  }
  struct stat status = {};
  if (::fstat(fd_, &status) != 0) return base::failure(base::os_error(errno, "looking at the cache file " + options.path));
  if (!S_ISREG(status.st_mode)) return base::failure(refused("the cache file " + options.path + " is not a regular file"));
  if (options.content == Content::reset || status.st_size == 0) return format(options, wanted);
  return adopt(options, wanted, static_cast<std::uint64_t>(status.st_size));
}

base::Result<> LogFile::adopt(const Options& options, const LogFileLayout& wanted, std::uint64_t file_bytes) {
  std::vector<std::byte> block(kFileBlockBytes);
  SuperblockReading first;
  SuperblockReading second;
  if (read_block(fd_, 0, block)) first = read_superblock(block);
  if (file_bytes >= kFileBlockBytes && read_block(fd_, file_bytes - kFileBlockBytes, block)) second = read_superblock(block);
  const std::string remedy = "; it is left as it is: choose another path, or reset it";
  for (const SuperblockReading& reading : {first, second}) {
    if (reading.problem != SuperblockProblem::other_version) continue;
    return base::failure(refused("the cache file " + options.path + " has version " + std::to_string(reading.version) +
                                 " of the format, this program reads version " + std::to_string(Superblock::kVersion) + remedy));
  }
  const SuperblockReading& good = first.problem == SuperblockProblem::none ? first : second;
  if (good.problem != SuperblockProblem::none) {
    return base::failure(refused(options.path + " is not a cache file, or both of its superblocks are damaged" + remedy));
  }
  const LogFileLayout& found = good.superblock.layout;
  if (found.owner != wanted.owner) {
    return base::failure(refused("the cache file " + options.path + " belongs to owner " + std::to_string(found.owner) +
                                 ", asked for as owner " + std::to_string(wanted.owner) + remedy));
  }
  if (found.segment_bytes != wanted.segment_bytes || found.segment_count != wanted.segment_count) {
    return base::failure(refused("the cache file " + options.path + " has " + std::to_string(found.segment_count) +
                                 " segments of " + std::to_string(found.segment_bytes) + " bytes, asked for " +
                                 std::to_string(wanted.segment_count) + " of " + std::to_string(wanted.segment_bytes) + remedy));
  }
  was_poisoned_ = (first.problem == SuperblockProblem::none && first.superblock.poisoned) ||
                  (second.problem == SuperblockProblem::none && second.superblock.poisoned);
  if (was_poisoned_) return format(options, wanted);
  layout_ = found;
  if (auto allocated = allocate(options); !allocated) return allocated;
  return write_superblocks(options);
}

// The first superblock says how long the file is to be: a crash from here on leaves a file that is ours, and is completed at the next
// start.
base::Result<> LogFile::format(const Options& options, const LogFileLayout& wanted) {
  layout_ = wanted;
  layout_.file_id = random_id();
  is_new_ = true;
  if (auto written = write_superblocks(options); !written) return written;
  if (auto allocated = allocate(options); !allocated) return allocated;
  // What was behind the end of a larger file would pass for its last block.
  if (::ftruncate(fd_, static_cast<off_t>(layout_.file_bytes())) != 0) {
    return base::failure(base::os_error(errno, "cutting the cache file " + options.path + " to its size"));
  }
  if (auto written = write_marks(options); !written) return written;
  return write_superblocks(options);
}

base::Result<> LogFile::allocate(const Options& options) {
  const auto bytes = static_cast<off_t>(layout_.file_bytes());
  if (::fallocate(fd_, 0, 0, bytes) == 0) return {};
  return base::failure(base::os_error(errno, "allocating " + std::to_string(bytes) + " bytes for the cache file " + options.path));
}

base::Result<> LogFile::write_marks(const Options& options) {
  bool ok = true;
  write_first_marks(layout_, [&](std::uint64_t offset, base::ByteView block) {
    ok = ok && ::pwrite(fd_, block.data(), block.size(), static_cast<off_t>(offset)) == static_cast<ssize_t>(block.size());
  });
  if (ok) return {};
  return base::failure(base::os_error(errno, "writing the marks of the cache file " + options.path));
}

base::Result<> LogFile::write_superblocks(const Options& options) {
  std::vector<std::byte> block(kFileBlockBytes);
  write_superblock(block, {.layout = layout_});
  const std::string holder = std::to_string(::getpid());
  std::memcpy(block.data() + Superblock::kHolderOffset, holder.data(), holder.size());
  struct stat status = {};
  bool ok = ::fstat(fd_, &status) == 0 && ::pwrite(fd_, block.data(), block.size(), 0) == static_cast<ssize_t>(block.size());
  if (ok && static_cast<std::uint64_t>(status.st_size) >= layout_.file_bytes()) {
    ok = ::pwrite(fd_, block.data(), block.size(), static_cast<off_t>(layout_.second_superblock_offset())) ==
         static_cast<ssize_t>(block.size());
  }
  if (ok && ::fdatasync(fd_) == 0) return {};
  return base::failure(base::os_error(errno, "writing the superblocks of the cache file " + options.path));
}

}  // namespace corering::cache
