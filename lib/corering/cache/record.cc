#include "corering/cache/record.h"

#include "corering/cache/crc32c.h"

namespace corering::cache {

namespace {

constexpr std::size_t kFirstWordBytes = 4;
constexpr std::size_t kLongBytesMin = 16;  // with a value length of 2 bytes
constexpr std::uint32_t kReservedBits = 3U << 6;

template <typename Integer>
std::byte* store(std::byte* to, Integer value) noexcept {
  std::memcpy(to, &value, sizeof value);
  return to + sizeof value;
}

std::byte* copy(std::byte* to, base::ByteView bytes) noexcept {
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());  // memcpy must not get the null of an empty view
  return to + bytes.size();
}

}  // namespace

bool RecordView::is_short(const RecordHeader& header) noexcept {
  return header.key_bytes <= kShortKeyBytesMax && header.value_bytes <= kShortValueBytesMax && header.client_flags == 0 &&
         header.kind == RecordKind::value && !header.compressed;
}

std::size_t record_bytes(const RecordHeader& header) noexcept {
  std::size_t bytes = std::size_t{header.key_bytes} + header.value_bytes + (header.expiry_ms != kNeverExpires ? 8 : 0);
  if (RecordView::is_short(header)) return bytes + RecordView::kBytesMin;
  if (header.value_bytes > UINT16_MAX) bytes += 2;
  if (header.client_flags != 0) bytes += 4;
  return bytes + kLongBytesMin;
}

std::byte* write_record_header(std::byte* record, const RecordHeader& header) noexcept {
  const bool expires = header.expiry_ms != kNeverExpires;
  unsigned shape = 0;
  std::byte* to = record + RecordView::kBytesMin;
  if (RecordView::is_short(header)) {
    shape = (expires ? RecordView::kShortExpiry : 0) | header.key_bytes << 8 | header.value_bytes;
  } else {
    const bool wide = header.value_bytes > UINT16_MAX;
    shape = RecordView::kLong | (header.key_bytes >> 16) << 8 | static_cast<unsigned>(header.kind) << 4 |
            (wide ? RecordView::kWideValue : 0) | (header.compressed ? RecordView::kCompressed : 0) |
            (header.client_flags != 0 ? RecordView::kClientFlags : 0) | (expires ? RecordView::kLongExpiry : 0);
    to = store(to, static_cast<std::uint16_t>(header.key_bytes));
    to = wide ? store(to, header.value_bytes) : store(to, static_cast<std::uint16_t>(header.value_bytes));
  }
  if (expires) to = store(to, header.expiry_ms);
  if (!RecordView::is_short(header) && header.client_flags != 0) to = store(to, header.client_flags);
  const std::uint64_t sequence_and_shape = header.sequence | std::uint64_t{shape} << 48;
  store(record + kFirstWordBytes, sequence_and_shape);
  return to;
}

std::size_t write_record(std::byte* record, const RecordHeader& header, base::ByteView key, base::ByteView value) noexcept {
  std::byte* end = copy(copy(write_record_header(record, header), key), value);
  return static_cast<std::size_t>(end - record);
}

void seal_record(std::byte* record, std::size_t bytes) noexcept {
  store(record, crc32c({record + kFirstWordBytes, bytes - kFirstWordBytes}));
}

std::optional<std::size_t> RecordView::bytes_needed(base::ByteView bytes) noexcept {
  if (bytes.size() < kBytesMin) return std::nullopt;
  const auto shape = [&] {
    std::uint16_t value;
    std::memcpy(&value, bytes.data() + 10, sizeof value);
    return value;
  }();
  if ((shape & kLong) != 0) {
    const std::size_t header_bytes = kLongBytesMin + ((shape & kWideValue) != 0 ? 2 : 0);
    if (bytes.size() < header_bytes || (shape & kReservedBits) != 0 || (shape >> 4 & 3) > static_cast<int>(RecordKind::clear))
      return std::nullopt;
  }
  const RecordView record(bytes.data());
  if (record.key_bytes_ > kKeyBytesMax || record.value_bytes_ > kValueBytesMax || record.sequence() == 0) return std::nullopt;
  return record.bytes();
}

std::optional<RecordView> RecordView::verify(base::ByteView bytes) noexcept {
  const auto needed = bytes_needed(bytes);
  if (!needed || *needed > bytes.size()) return std::nullopt;
  const RecordView record(bytes.data());
  if (record.load<std::uint32_t>(0) != crc32c(bytes.subspan(kFirstWordBytes, *needed - kFirstWordBytes))) return std::nullopt;
  return record;
}

void RecordView::decode_long() noexcept {
  const bool wide = (shape_ & kWideValue) != 0;
  key_bytes_ = load<std::uint16_t>(12) | (shape_ >> 8 & 127) << 16;
  value_bytes_ = wide ? load<std::uint32_t>(14) : load<std::uint16_t>(14);
  key_offset_ = static_cast<std::uint32_t>(kLongBytesMin + (wide ? 2 : 0) + ((shape_ & kLongExpiry) != 0 ? 8 : 0) +
                                           ((shape_ & kClientFlags) != 0 ? 4 : 0));
}

std::int64_t RecordView::expiry_ms() const noexcept {
  if (!has_expiry()) return kNeverExpires;
  if (!is_long()) return load<std::int64_t>(kBytesMin);
  return load<std::int64_t>(kLongBytesMin + ((shape_ & kWideValue) != 0 ? 2 : 0));
}

// They lie last before the key.
std::uint32_t RecordView::client_flags() const noexcept {
  return is_long() && (shape_ & kClientFlags) != 0 ? load<std::uint32_t>(key_offset_ - 4) : 0;
}

RecordHeader RecordView::header() const noexcept {
  return {.sequence = sequence(),
          .expiry_ms = expiry_ms(),
          .client_flags = client_flags(),
          .kind = kind(),
          .compressed = is_compressed(),
          .key_bytes = key_bytes_,
          .value_bytes = value_bytes_};
}

}  // namespace corering::cache
