#include "corering/mem/ring_buffer.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <string>

namespace corering::mem {

namespace {

// Since Linux 6.3, where sysctl vm.memfd_noexec=2 demands it; the headers of Debian 12 do not know it.
constexpr unsigned kNoExecSeal = 0x8;

int open_memory_file() {
  const int fd = ::memfd_create("corering-ring-buffer", MFD_CLOEXEC | kNoExecSeal);
  return fd < 0 && errno == EINVAL ? ::memfd_create("corering-ring-buffer", MFD_CLOEXEC) : fd;
}

// The pages are taken here: one that the kernel cannot provide is an error now instead of a SIGBUS at the first touch.
int allocate(int fd, std::size_t bytes) {
  int result = 0;
  do {
    result = ::fallocate(fd, 0, 0, static_cast<off_t>(bytes));
  } while (result < 0 && errno == EINTR);
  return result;
}

bool map_at(std::byte* address, int fd, std::size_t bytes) {
  return ::mmap(address, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) != MAP_FAILED;
}

// The file's pages twice, side by side. nullptr with errno.
std::byte* map_twice(int fd, std::size_t bytes) {
  // Reserves the place for both, so that MAP_FIXED replaces nothing of others.
  void* raw = ::mmap(nullptr, 2 * bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (raw == MAP_FAILED) return nullptr;
  auto* first = static_cast<std::byte*>(raw);
  if (map_at(first, fd, bytes) && map_at(first + bytes, fd, bytes)) return first;
  const int error = errno;
  ::munmap(first, 2 * bytes);
  errno = error;
  return nullptr;
}

}  // namespace

base::Result<RingBuffer> RingBuffer::open(std::size_t capacity_bytes) {
  if (capacity_bytes == 0 || capacity_bytes > kCapacityBytesMax) {
    return base::failure({base::ErrorCode::invalid_argument, 0,
                          "ring buffer: found a capacity of " + std::to_string(capacity_bytes) + " bytes, need 1 to " +
                              std::to_string(kCapacityBytesMax)});
  }
  // Page sizes are powers of two as well.
  const std::size_t capacity = std::bit_ceil(std::max(capacity_bytes, static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))));
  // Memory files obey the limit of files, and who exceeds it is answered with a SIGXFSZ, which ends the process.
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && capacity > limit.rlim_cur) {
    return base::failure({base::ErrorCode::limit_too_low, 0,
                          "ring buffer: found a limit of " + std::to_string(limit.rlim_cur) + " bytes per file, need " +
                              std::to_string(capacity) + "; raise it with ulimit -f"});
  }
  const auto refused = [capacity](int error) {
    return base::failure(base::os_error(error, "ring buffer of " + std::to_string(capacity) + " bytes"));
  };
  const int fd = open_memory_file();
  if (fd < 0) return refused(errno);
  std::byte* first = allocate(fd, capacity) < 0 ? nullptr : map_twice(fd, capacity);
  const int error = errno;
  ::close(fd);  // the mappings keep the pages
  if (first == nullptr) return refused(error);
  return RingBuffer(first, capacity);
}

RingBuffer::~RingBuffer() {
  if (first_ != nullptr) ::munmap(first_, 2 * capacity_);
}

void RingBuffer::copy_less(std::byte* to, const std::byte* from, std::size_t count) noexcept {
  if (count != 0) std::memcpy(to, from, count);
}

}  // namespace corering::mem
