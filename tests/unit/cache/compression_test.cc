#include "corering/cache/compression.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace corering;
using namespace corering::cache;

std::vector<std::byte> record_of(const std::string& value, std::int64_t expiry_ms = 0) {
  const RecordHeader header{.sequence = 5,
                            .expiry_ms = expiry_ms,
                            .client_flags = 3,
                            .key_bytes = 3,
                            .value_bytes = static_cast<std::uint32_t>(value.size())};
  std::vector<std::byte> bytes(record_bytes(header));
  write_record(bytes.data(), header, base::bytes_of("key"), base::bytes_of(value));
  return bytes;
}

// Lengths on both sides of every length of a length.
TEST(Compression, RoundTripsValuesThatRepeat) {
  for (const std::size_t size : {300UL, 65'535UL, 65'536UL, 70'000UL, 74'900UL, 74'950UL, 75'000UL, 300'000UL}) {
    std::string value;
    for (std::size_t at = 0; value.size() < size; ++at) value += at % 7 == 0 ? std::to_string(at * 2654435761U) : "the same again";
    value.resize(size);
    const auto plain = record_of(value, 12'345);
    std::vector<std::byte> into(plain.size());
    const std::size_t bytes = compress_record(RecordView(plain.data()), into);
    ASSERT_GT(bytes, 0u) << size;
    EXPECT_LE(bytes, plain.size() - size / 8 + 16);
    const RecordView record(into.data());
    EXPECT_EQ(record.bytes(), bytes);
    EXPECT_TRUE(record.is_compressed());
    EXPECT_EQ(record.sequence(), 5u);
    EXPECT_EQ(record.expiry_ms(), 12'345);
    EXPECT_EQ(record.client_flags(), 3u);
    EXPECT_EQ(base::text_of(record.key()), "key");
    ASSERT_EQ(plain_value_bytes(record), size);
    std::string back(size, '\0');
    ASSERT_TRUE(expand_value(record, std::as_writable_bytes(std::span(back))));
    EXPECT_EQ(back, value);
  }
}

TEST(Compression, LeavesAloneWhatItCannotShrink) {
  std::string noise;
  std::uint64_t state = 1;
  while (noise.size() < 4096) noise += static_cast<char>((state = state * 6364136223846793005ULL + 1) >> 56);
  const auto plain = record_of(noise);
  std::vector<std::byte> into(plain.size());
  EXPECT_EQ(compress_record(RecordView(plain.data()), into), 0u);
  const auto tiny = record_of("x");
  EXPECT_EQ(compress_record(RecordView(tiny.data()), into), 0u);
}

TEST(Compression, RefusesADamagedBlockAndAnImpossibleLength) {
  const auto plain = record_of(std::string(4096, 'x'));
  std::vector<std::byte> into(plain.size());
  const std::size_t bytes = compress_record(RecordView(plain.data()), into);
  ASSERT_GT(bytes, 0u);
  const RecordView record(into.data());
  std::vector<std::byte> back(4096);
  std::byte* const block = into.data() + bytes - record.value().size();
  block[0] = std::byte{0xff};  // the plain length
  EXPECT_EQ(plain_value_bytes(record), 4096u + 255u);
  std::vector<std::byte> longer(4096 + 255);
  EXPECT_FALSE(expand_value(record, longer));
  block[3] = std::byte{0xff};
  EXPECT_FALSE(plain_value_bytes(record));
}

}  // namespace
