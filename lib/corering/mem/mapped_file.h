// MappedFile: a file mapped shared, read and written by copies that survive when somebody else truncates it.
//
// For data that outlives the process: bytes that are resident cost a copy and no system call, and what was written is in the
// page cache, so it survives the end of the process (flush: also that of the machine). Not for pages that may be on disk only,
// when a core touches them: the copy waits for the disk, and with it every connection of the core.
//
// There is no view of the bytes, on purpose. Whoever touches a page behind the end of a truncated file, or one that a full or
// failing disk refuses, gets a SIGBUS; only the copies in here are guarded against that (guarded_copy.h says how and what else
// was considered). Within the last page, and within huge pages, the hardware sees no end: bytes behind the real one read as zeros
// and writes go nowhere. So a read that ends in a zero, or a write where a zero was, also asks for the length of the file. Only
// bytes stored behind the end through a mapping can deceive that: another process's, or ours if the truncation comes between the
// question and the copy. They would be read, not refused.
//
// After a truncation what is still there can be used; grow(size()) puts zeros where bytes are missing.
//
// Thread: any; reads may overlap each other, everything else is one at a time. SIGBUS stays unblocked (guarded_copy.h).
// Lifetime: the mapping and the descriptor die with the object; the file stays.
// Errors: a refused open leaves what it found, but may have created an empty file. All others leave the object as it was.
// Cost: 64 bytes are read in 16 ns and written in 26 (pread 210, pwrite 320: bench/README.md); where a zero leaves the end in doubt,
// a system call more (0.2 us).
// Kernel: fallocate(2) on the file system (not on NFS below 4.2).
#pragma once

#include <cstddef>
#include <string>

#include "corering/base/bytes.h"
#include "corering/base/result.h"

namespace corering::mem {

class MappedFile {
 public:
  enum class Mode {
    read_only,   // an existing file
    read_write,  // an existing file; its holes stay holes, and writing to one can fail when the disk is full
    create,      // as read_write, but made if it is not there (for its owner only), made larger if it is smaller, holes filled
  };

  struct Options {
    std::size_t size_bytes = 0;  // how large the file has to be at least. 0: as it is, which create does not take
    Mode mode = Mode::read_only;
  };

  enum class Advice {
    normal,
    sequential,   // read far ahead, forget soon
    random,       // do not read ahead
    will_need,    // start reading all of it now
    do_not_need,  // drop the process's page table entries; what was written stays in the page cache and reaches the disk
    huge,         // use huge pages where the file system can (tmpfs; elsewhere taken and ignored)
  };

  // Maps the whole file. Errors: invalid_argument for create without a size and for what is not a file with bytes in it;
  // forbidden; limit_too_low for more than RLIMIT_FSIZE; unsupported without fallocate; out_of_memory; system for the rest,
  // e.g. a full disk or a file smaller than size_bytes.
  static base::Result<MappedFile> open(std::string path, const Options& options);

  MappedFile(MappedFile&& other) noexcept { swap(other); }
  MappedFile& operator=(MappedFile&& other) noexcept {
    swap(other);
    return *this;
  }
  ~MappedFile();

  // How many bytes are mapped: the size of the file at open or at the last grow.
  std::size_t size() const noexcept { return size_; }

  // Copies out of or into the file. Errors: invalid_argument beyond size(), nothing is copied; system if the file has become
  // shorter, or if the disk is full or fails: any part may have been copied. forbidden for a write in read_only.
  base::Result<> read(std::size_t offset, base::MutableBytes bytes) const;
  base::Result<> write(std::size_t offset, base::ByteView bytes);

  // Waits until what was written is on the disk. Errors: invalid_argument beyond size(); system. The kernel reports a write that
  // failed once and then takes the pages for clean: a second flush that succeeds proves nothing about the first one's bytes.
  base::Result<> flush() const { return flush(0, size_); }
  base::Result<> flush(std::size_t offset, std::size_t bytes) const;

  // Starts writing to the disk what is dirty and returns; waits only when the disk's queue is full. Proves nothing: flush does.
  // It is sync_file_range(2), because msync(2) with MS_ASYNC has not started anything since Linux 2.6.19.
  base::Result<> flush_async() const { return flush_async(0, size_); }
  base::Result<> flush_async(std::size_t offset, std::size_t bytes) const;

  // Makes the file and the mapping larger. All of the file is allocated on the disk, so a full one refuses here instead of at a
  // write (file systems that write copies, e.g. btrfs, promise less). Errors: invalid_argument below size(); forbidden in
  // read_only; as open. Without address space (out_of_memory) the file is larger afterwards, and size() is not.
  base::Result<> grow(std::size_t size_bytes);

  // For the whole mapping. Errors: unsupported for huge on a kernel without it; system.
  base::Result<> advise(Advice advice) const;

 private:
  MappedFile(std::string path, int fd, Mode mode) noexcept;

  base::ByteView bytes() const noexcept { return {first_, size_}; }
  bool is_behind_end(std::size_t end) const noexcept;
  base::Result<> check_range(std::size_t offset, std::size_t bytes) const;
  base::Result<> check_writable() const;
  base::Result<> allocate(std::size_t size_bytes) const;
  base::Result<> map(std::size_t size_bytes);
  base::Error not_there(std::size_t offset, std::size_t bytes) const;
  base::Error refused(int error, const std::string& what) const;
  void swap(MappedFile& other) noexcept;

  std::string path_;
  int fd_ = -1;
  Mode mode_ = Mode::read_only;
  std::byte* first_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace corering::mem
