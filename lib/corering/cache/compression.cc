#include "corering/cache/compression.h"

#include <lz4.h>

#include <cstdint>
#include <cstring>

namespace corering::cache {

namespace {

constexpr std::size_t kLengthBytes = 4;

}  // namespace

std::optional<std::size_t> plain_value_bytes(const RecordView& record) noexcept {
  if (!record.is_compressed()) return record.value().size();
  if (record.value().size() <= kLengthBytes) return std::nullopt;
  std::uint32_t bytes;
  std::memcpy(&bytes, record.value().data(), sizeof bytes);
  if (bytes > kValueBytesMax) return std::nullopt;
  return bytes;
}

bool expand_value(const RecordView& record, base::MutableBytes into) noexcept {
  if (!record.is_compressed()) {
    if (!into.empty()) std::memcpy(into.data(), record.value().data(), into.size());
    return true;
  }
  const base::ByteView block = record.value().subspan(kLengthBytes);
  const int written = LZ4_decompress_safe(reinterpret_cast<const char*>(block.data()), reinterpret_cast<char*>(into.data()),
                                          static_cast<int>(block.size()), static_cast<int>(into.size()));
  return written >= 0 && static_cast<std::size_t>(written) == into.size();
}

std::size_t compress_record(const RecordView& record, base::MutableBytes into) noexcept {
  const base::ByteView plain = record.value();
  RecordHeader header = record.header();
  header.compressed = true;
  // A block may take seven eighths of the plain value, less what the longer header costs: LZ4 gives up when it needs more.
  const std::size_t limit = plain.size() - plain.size() / 8;
  if (limit <= kLengthBytes + 16) return 0;
  header.value_bytes = static_cast<std::uint32_t>(limit);
  const std::size_t header_bytes = record_bytes(header) - header.key_bytes - limit;
  std::byte* const value = into.data() + header_bytes + header.key_bytes;
  const int block = LZ4_compress_default(reinterpret_cast<const char*>(plain.data()), reinterpret_cast<char*>(value + kLengthBytes),
                                         static_cast<int>(plain.size()), static_cast<int>(limit - kLengthBytes - 16));
  if (block <= 0) return 0;
  const auto value_bytes = static_cast<std::uint32_t>(kLengthBytes + static_cast<std::size_t>(block));
  const auto plain_bytes = static_cast<std::uint32_t>(plain.size());
  const bool shrank = (header.value_bytes > UINT16_MAX) != (value_bytes > UINT16_MAX);
  header.value_bytes = value_bytes;
  std::byte* const key = write_record_header(into.data(), header);
  std::memcpy(key, record.key().data(), record.key().size());
  std::byte* const place = key + header.key_bytes;
  if (shrank) std::memmove(place + kLengthBytes, value + kLengthBytes, static_cast<std::size_t>(block));
  std::memcpy(place, &plain_bytes, sizeof plain_bytes);
  return record_bytes(header);
}

}  // namespace corering::cache
