// FileMarks: the few blocks of the file that are written in place: how far the last sync point reached, and the poison.
//
// A mark says that everything before a position was durable. So recovery can tell a batch that the crash tore (nobody was promised
// anything) from one that was durable and has been damaged since. That holds only if no promise is ahead of the marks: a sync point is
// over when its mark is durable too (SyncPoints), which costs it two blocks and a second sync of the device.
//
// Marks are numbered; odd and even ones have a block each at either end of the file, four in all. The newest mark is therefore the larger
// of the two numbers, as long as each parity can be read at one end at least. If one cannot, it may have been the newest: then how far
// sync points reached is not known, and nothing in the file is believed.
//
//   offset  bytes
//   0       8      magic "CRMARK01"
//   8       8      file id
//   16      8      number
//   24      8, 4   everything before this generation and batch is durable
//   36      8      place of the block in the file: a mark that was moved is no mark
//   44      4      CRC32C of the bytes above
//
// 512 bytes or less, so that a disk writes all of it or nothing.
//
// Thread: owning core only. Cost: two writes of a block per sync point.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "corering/base/bytes.h"
#include "corering/cache/batch.h"
#include "corering/cache/block_device.h"
#include "corering/cache/log_file_layout.h"
#include "corering/cache/transfer.h"

namespace corering::cache {

struct Mark {
  std::uint64_t number = 0;
  LogPosition synced;
};

// Fills a block. `offset`: of the block in the file.
void write_mark(base::MutableBytes to, std::uint64_t file_id, std::uint64_t offset, const Mark& mark) noexcept;
std::optional<Mark> read_mark(base::ByteView from, std::uint64_t file_id, std::uint64_t offset) noexcept;

// What a new file begins with: nothing is durable. Calls write(offset, block) for each of its blocks.
template <typename Write>
void write_first_marks(const LogFileLayout& layout, Write&& write) {
  std::array<std::byte, kFileBlockBytes> block;
  for (std::size_t number = 0; number < LogFileLayout::kMarks; ++number) {
    for (const std::uint64_t offset : {layout.first_mark_offset(number), layout.second_mark_offset(number)}) {
      write_mark(block, layout.file_id, offset, {.number = number, .synced = {}});
      write(offset, base::MutableBytes(block));
    }
  }
}

// The marks of a file as they are found.
class FoundMarks {
 public:
  void note(const Mark& mark) noexcept;

  // Whether the newest is among them.
  bool are_complete() const noexcept;
  LogPosition synced() const noexcept;  // the newest of those found; {} if there is none
  std::uint64_t next_number() const noexcept;

 private:
  std::array<std::optional<Mark>, LogFileLayout::kMarks> newest_;  // by parity
};

class FileMarks {
 public:
  // `error`: 0, or an errno value: the marks cannot be relied on.
  using Handler = void (*)(void* owner, int error);

  FileMarks(const LogFileLayout& layout, BlockDevice& device, Handler handler, void* owner);

  // How writing goes on.
  void start(const FoundMarks& found) noexcept;

  // The handler follows. Returns the bytes that it takes. Requires: no earlier one is under way.
  std::size_t write(LogPosition synced);

  // Marks both superblocks, as far as the device still takes a write. Once.
  void poison();

  bool is_idle() const noexcept;

 private:
  // A block on its way.
  struct BlockWrite {
    explicit BlockWrite(FileMarks& owner) noexcept : marks(owner) {}
    void on_mark(int error) { marks.on_written(error); }
    void on_poison(int /*error*/) noexcept {}  // of a device that fails already

    FileMarks& marks;
    alignas(kFileBlockBytes) std::byte block[kFileBlockBytes];
    Transfer mark = Transfer::to<&BlockWrite::on_mark>(this);
    Transfer poison = Transfer::to<&BlockWrite::on_poison>(this);
  };

  void write_pair(LogPosition synced, BlockWrite& first, BlockWrite& second);
  void on_written(int error);

  const LogFileLayout layout_;
  BlockDevice& device_;
  const Handler handler_;
  void* const owner_;
  std::uint64_t next_number_ = 0;
  bool both_ = true;  // the next write is of both parities: one is missing in the file
  unsigned in_flight_ = 0;
  int error_ = 0;
  BlockWrite blocks_[2 * LogFileLayout::kMarks];
  BlockWrite poison_[2];
};

}  // namespace corering::cache
