#include "corering/cache/batch.h"

#include <cstring>

#include "corering/base/assert.h"
#include "corering/cache/crc32c.h"
#include "corering/cache/log_file_layout.h"

namespace corering::cache {

namespace {

constexpr std::uint64_t kMagic = 0x3148435441425243;  // "CRBATCH1"
constexpr std::uint32_t kLast = 1;
constexpr std::size_t kChecksumOffset = 92;

class Cursor {
 public:
  explicit Cursor(std::byte* at) : at_(at) {}
  template <typename Integer>
  void put(Integer value) noexcept {
    std::memcpy(at_, &value, sizeof value);
    at_ += sizeof value;
  }
  void put(const LogPosition& position) noexcept {
    put(position.generation);
    put(position.batch);
  }

 private:
  std::byte* at_;
};

class Source {
 public:
  explicit Source(const std::byte* at) : at_(at) {}
  template <typename Integer>
  Integer take() noexcept {
    Integer value;
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  LogPosition take_position() noexcept {
    const auto generation = take<std::uint64_t>();
    return {generation, take<std::uint32_t>()};
  }

 private:
  const std::byte* at_;
};

}  // namespace

std::size_t BatchHeader::file_bytes() const noexcept {
  return (kBytes + payload_bytes + kFileBlockBytes - 1) / kFileBlockBytes * kFileBlockBytes;
}

void write_batch_header(base::MutableBytes to, const BatchHeader& header, std::uint64_t file_id, std::uint64_t offset) noexcept {
  CORERING_ASSERT(to.size() >= BatchHeader::kBytes, "no room for a batch header");
  Cursor cursor(to.data());
  cursor.put(kMagic);
  cursor.put(file_id);
  cursor.put(header.position);
  cursor.put(header.payload_bytes);
  cursor.put(header.record_count);
  cursor.put(header.last ? kLast : 0);
  cursor.put(header.tail);
  cursor.put(header.synced);
  cursor.put(header.run_generation);
  cursor.put(header.previous_end);
  cursor.put(offset);
  cursor.put(crc32c(to.first(kChecksumOffset)));
}

std::optional<BatchHeader> read_batch_header(base::ByteView from, std::uint64_t file_id, std::uint64_t offset) noexcept {
  if (from.size() < BatchHeader::kBytes) return std::nullopt;
  Source source(from.data());
  if (source.take<std::uint64_t>() != kMagic || source.take<std::uint64_t>() != file_id) return std::nullopt;
  BatchHeader header;
  header.position = source.take_position();
  header.payload_bytes = source.take<std::uint32_t>();
  header.record_count = source.take<std::uint32_t>();
  header.last = (source.take<std::uint32_t>() & kLast) != 0;
  header.tail = source.take_position();
  header.synced = source.take_position();
  header.run_generation = source.take<std::uint64_t>();
  header.previous_end = source.take_position();
  if (source.take<std::uint64_t>() != offset) return std::nullopt;
  if (source.take<std::uint32_t>() != crc32c(from.first(kChecksumOffset))) return std::nullopt;
  return header;
}

}  // namespace corering::cache
