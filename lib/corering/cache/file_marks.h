// FileMarks: the few blocks of the file that are written in place: how far the last sync point reached, and the poison.
//
// A mark says that everything before a position was durable. So recovery can tell a batch that the crash tore (nobody was promised
// anything) from one that was durable and has been damaged since. It is written after the sync, in two blocks in turn at either
// end of the file, and need not be durable itself: an older mark, or none, only makes recovery believe in a crash.
//
//   offset  bytes
//   0       8      magic "CRMARK01"
//   8       8      file id
//   16      8, 4   everything before this generation and batch is durable
//   28      4      CRC32C of the bytes above
//
// Thread: owning core only. Cost: two writes of a block per sync point.
#pragma once

#include <optional>

#include "corering/base/bytes.h"
#include "corering/cache/batch.h"
#include "corering/cache/block_device.h"
#include "corering/cache/log_file_layout.h"
#include "corering/cache/transfer.h"

namespace corering::cache {

void write_mark(base::MutableBytes to, std::uint64_t file_id, LogPosition synced) noexcept;
std::optional<LogPosition> read_mark(base::ByteView from, std::uint64_t file_id) noexcept;

class FileMarks {
 public:
  FileMarks(const LogFileLayout& layout, BlockDevice& device);

  // Left out if the one before is still being written: the next will do.
  void write(LogPosition synced);

  // Marks both superblocks, as far as the device still takes a write. Once.
  void poison();

  bool is_idle() const noexcept;

 private:
  // A block on its way. Failures are nobody's business: the marks of a file that fails are worth nothing.
  struct BlockWrite {
    void on_end(int /*error*/) noexcept {}

    alignas(kFileBlockBytes) std::byte block[kFileBlockBytes];
    Transfer transfer = Transfer::to<&BlockWrite::on_end>(this);
  };

  const LogFileLayout layout_;
  BlockDevice& device_;
  std::size_t next_ = 0;
  BlockWrite first_mark_;
  BlockWrite second_mark_;
  BlockWrite first_poison_;
  BlockWrite second_poison_;
};

}  // namespace corering::cache
