#include "corering/mem/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "corering/mem/guarded_copy.h"

namespace corering::mem {

namespace {

base::Error refusal(base::ErrorCode code, const std::string& path, const std::string& text) {
  return {code, 0, "file " + path + ": " + text};
}

int flags_of(MappedFile::Mode mode) {
  // O_NONBLOCK: opening a pipe by mistake is to be refused, not waited for. It means nothing for files.
  constexpr int kCommon = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  switch (mode) {
    case MappedFile::Mode::read_only: return kCommon | O_RDONLY;
    case MappedFile::Mode::read_write: return kCommon | O_RDWR;
    case MappedFile::Mode::create: return kCommon | O_RDWR | O_CREAT;
  }
  return kCommon;
}

int advice_of(MappedFile::Advice advice) {
  switch (advice) {
    case MappedFile::Advice::normal: return MADV_NORMAL;
    case MappedFile::Advice::sequential: return MADV_SEQUENTIAL;
    case MappedFile::Advice::random: return MADV_RANDOM;
    case MappedFile::Advice::will_need: return MADV_WILLNEED;
    case MappedFile::Advice::do_not_need: return MADV_DONTNEED;
    case MappedFile::Advice::huge: return MADV_HUGEPAGE;
  }
  return MADV_NORMAL;
}

// The length that the file has now. Half the price of fstat(2); the position it moves is used by nobody.
std::size_t length_of(int fd) { return static_cast<std::size_t>(std::max(::lseek(fd, 0, SEEK_END), off_t{0})); }

}  // namespace

base::Result<MappedFile> MappedFile::open(std::string path, const Options& options) {
  if (options.mode == Mode::create && options.size_bytes == 0)
    return base::failure(refusal(base::ErrorCode::invalid_argument, path, "found a size of 0 bytes to create, need at least 1"));
  install_bus_guard();
  const int fd = ::open(path.c_str(), flags_of(options.mode), S_IRUSR | S_IWUSR);
  if (fd < 0) return base::failure(base::os_error(errno, "opening file " + path));
  MappedFile file(std::move(path), fd, options.mode);

  struct stat status{};
  if (::fstat(fd, &status) < 0) return base::failure(file.refused(errno, "asking for the kind"));
  if (!S_ISREG(status.st_mode))
    return base::failure(refusal(base::ErrorCode::invalid_argument, file.path_, "found something else than a file, need a file"));
  if (options.mode == Mode::create) {
    if (auto allocated = file.allocate(std::max(options.size_bytes, length_of(fd))); !allocated)
      return base::failure(std::move(allocated.error()));
  }
  const std::size_t length = length_of(fd);
  if (length == 0)
    return base::failure(refusal(base::ErrorCode::invalid_argument, file.path_, "found it empty, need at least 1 byte"));
  if (length < options.size_bytes) {
    return base::failure(
        refusal(base::ErrorCode::system, file.path_,
                "found " + std::to_string(length) + " bytes, need at least " + std::to_string(options.size_bytes)));
  }
  if (auto mapped = file.map(length); !mapped) return base::failure(std::move(mapped.error()));
  return file;
}

MappedFile::MappedFile(std::string path, int fd, Mode mode) noexcept : path_(std::move(path)), fd_(fd), mode_(mode) {}

MappedFile::~MappedFile() {
  if (first_ != nullptr) ::munmap(first_, size_);
  if (fd_ >= 0) ::close(fd_);
}

void MappedFile::swap(MappedFile& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(mode_, other.mode_);
  std::swap(first_, other.first_);
  std::swap(size_, other.size_);
}

base::Result<> MappedFile::read(std::size_t offset, base::MutableBytes bytes) const {
  if (auto inside = check_range(offset, bytes.size()); !inside) return inside;
  if (bytes.empty()) return {};
  if (!try_guarded_copy(bytes.data(), first_ + offset, bytes.size(), this->bytes()))
    return base::failure(not_there(offset, bytes.size()));
  // After the copy: a truncation between an earlier question and the copy would pass zeros off as the file's.
  if (bytes.back() == std::byte{0} && is_behind_end(offset + bytes.size())) return base::failure(not_there(offset, bytes.size()));
  return {};
}

base::Result<> MappedFile::write(std::size_t offset, base::ByteView bytes) {
  if (auto writable = check_writable(); !writable) return writable;
  if (auto inside = check_range(offset, bytes.size()); !inside) return inside;
  if (bytes.empty()) return {};
  // Before the copy: nothing may be left behind the end. A truncation after the question cuts off what is written like one
  // after the write.
  std::byte last{};
  if (!try_guarded_copy(&last, first_ + offset + bytes.size() - 1, 1, this->bytes()) ||
      (last == std::byte{0} && is_behind_end(offset + bytes.size())) ||
      !try_guarded_copy(first_ + offset, bytes.data(), bytes.size(), this->bytes())) {
    return base::failure(not_there(offset, bytes.size()));
  }
  return {};
}

base::Result<> MappedFile::flush(std::size_t offset, std::size_t bytes) const {
  if (auto inside = check_range(offset, bytes); !inside) return inside;
  const std::size_t in_page = offset % static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));  // msync takes whole pages only
  if (bytes != 0 && ::msync(first_ + offset - in_page, bytes + in_page, MS_SYNC) < 0)
    return base::failure(refused(errno, "writing it to the disk"));
  return {};
}

base::Result<> MappedFile::flush_async(std::size_t offset, std::size_t bytes) const {
  if (auto inside = check_range(offset, bytes); !inside) return inside;
  // To the kernel, 0 bytes would mean everything up to the end.
  if (bytes != 0 && ::sync_file_range(fd_, static_cast<off_t>(offset), static_cast<off_t>(bytes), SYNC_FILE_RANGE_WRITE) < 0)
    return base::failure(refused(errno, "starting to write it to the disk"));
  return {};
}

base::Result<> MappedFile::grow(std::size_t size_bytes) {
  if (auto writable = check_writable(); !writable) return writable;
  if (size_bytes < size_) {
    return base::failure(
        refusal(base::ErrorCode::invalid_argument, path_,
                "found a size of " + std::to_string(size_bytes) + " bytes to grow to, need at least " + std::to_string(size_)));
  }
  if (auto allocated = allocate(size_bytes); !allocated) return allocated;
  return map(size_bytes);
}

base::Result<> MappedFile::advise(Advice advice) const {
  if (::madvise(first_, size_, advice_of(advice)) == 0) return {};
  if (errno == EINVAL && advice == Advice::huge)
    return base::failure(refusal(base::ErrorCode::unsupported, path_, "this kernel has no transparent huge pages to advise"));
  return base::failure(refused(errno, "advising the kernel"));
}

bool MappedFile::is_behind_end(std::size_t end) const noexcept { return length_of(fd_) < end; }

base::Result<> MappedFile::check_range(std::size_t offset, std::size_t bytes) const {
  // Not offset + bytes, which may wrap around.
  if (offset <= size_ && bytes <= size_ - offset) return {};
  return base::failure(refusal(base::ErrorCode::invalid_argument, path_,
                               "found " + std::to_string(bytes) + " bytes from " + std::to_string(offset) +
                                   ", need a range within its " + std::to_string(size_)));
}

base::Result<> MappedFile::check_writable() const {
  if (mode_ != Mode::read_only) return {};
  return base::failure(refusal(base::ErrorCode::forbidden, path_, "found it open for reading only, need it open for writing"));
}

// From the first byte, not from the old end: truncated and sparse parts are filled, too.
base::Result<> MappedFile::allocate(std::size_t size_bytes) const {
  const std::string what = "allocating " + std::to_string(size_bytes) + " bytes";
  if (size_bytes > static_cast<std::size_t>(std::numeric_limits<off_t>::max())) return base::failure(refused(EFBIG, what));
  const std::size_t before = length_of(fd_);
  // A file that grows beyond this limit is answered with a SIGXFSZ, which ends the process.
  rlimit limit{};
  if (size_bytes > before && ::getrlimit(RLIMIT_FSIZE, &limit) == 0 && size_bytes > limit.rlim_cur) {
    return base::failure(refusal(base::ErrorCode::limit_too_low, path_,
                                 "found a limit of " + std::to_string(limit.rlim_cur) + " bytes per file, need " +
                                     std::to_string(size_bytes) + "; raise it with ulimit -f"));
  }
  int result = 0;
  do {
    result = ::fallocate(fd_, 0, 0, static_cast<off_t>(size_bytes));
  } while (result < 0 && errno == EINTR);
  if (result == 0) return {};
  auto error = refused(errno, what);
  if (error.os_error == EOPNOTSUPP) error.text += "; its file system cannot reserve space, ext4, xfs and tmpfs can";
  // What was allocated before the disk was full would stay. If this fails, too, nothing is lost but space.
  if (length_of(fd_) > before && ::ftruncate(fd_, static_cast<off_t>(before)) < 0) error.text += "; some of it stays allocated";
  return base::failure(std::move(error));
}

base::Result<> MappedFile::map(std::size_t size_bytes) {
  const int protection = mode_ == Mode::read_only ? PROT_READ : PROT_READ | PROT_WRITE;
  void* address = first_ == nullptr ? ::mmap(nullptr, size_bytes, protection, MAP_SHARED, fd_, 0)
                                    : ::mremap(first_, size_, size_bytes, MREMAP_MAYMOVE);
  if (address == MAP_FAILED) return base::failure(refused(errno, "mapping " + std::to_string(size_bytes) + " bytes"));
  first_ = static_cast<std::byte*>(address);
  size_ = size_bytes;
  return {};
}

// Why a copy failed, as far as the file can tell afterwards.
base::Error MappedFile::not_there(std::size_t offset, std::size_t bytes) const {
  const std::size_t length = length_of(fd_);
  if (length < offset + bytes) {
    return refusal(
        base::ErrorCode::system, path_,
        "found " + std::to_string(length) + " bytes, need " + std::to_string(offset + bytes) + ": somebody has truncated it");
  }
  return refused(EIO, std::to_string(bytes) + " bytes from " + std::to_string(offset) + ", the disk is full or failing");
}

base::Error MappedFile::refused(int error, const std::string& what) const {
  return base::os_error(error, "file " + path_ + ": " + what);
}

}  // namespace corering::mem
