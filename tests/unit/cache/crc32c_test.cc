#include "corering/cache/crc32c.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

using corering::base::bytes_of;
using corering::cache::crc32c;
using corering::cache::crc32c_by_table;

// RFC 3720, appendix B.4, and the check value of the CRC catalogues.
TEST(Crc32c, HasThePublishedValues) {
  EXPECT_EQ(crc32c(bytes_of("123456789")), 0xe3069283u);
  EXPECT_EQ(crc32c(bytes_of(std::string(32, '\0'))), 0x8a9136aau);
  EXPECT_EQ(crc32c(bytes_of(std::string(32, '\xff'))), 0x62a8ab43u);
  EXPECT_EQ(crc32c({}), 0u);
}

TEST(Crc32c, TheInstructionAndTheTableAgreeAtEveryLengthAndAlignment) {
  std::string text;
  for (int index = 0; index < 100; ++index) text += static_cast<char>(index * 37 + 11);
  for (std::size_t start = 0; start < 9; ++start) {
    for (std::size_t length = 0; start + length <= text.size(); ++length) {
      const auto bytes = bytes_of(std::string_view(text).substr(start, length));
      ASSERT_EQ(crc32c(bytes), crc32c_by_table(bytes)) << start << " " << length;
    }
  }
}

TEST(Crc32c, IsContinuedWhereItStopped) {
  const std::string_view text = "what comes in pieces has the same checksum";
  for (std::size_t cut = 0; cut <= text.size(); ++cut)
    EXPECT_EQ(crc32c(bytes_of(text.substr(cut)), crc32c(bytes_of(text.substr(0, cut)))), crc32c(bytes_of(text)));
}

}  // namespace
