#include "kv/protocol/crc64.h"

#include <gtest/gtest.h>

#include <string>

namespace kv::protocol {
namespace {

TEST(Crc64, TheCheckValue) {
  EXPECT_EQ(crc64(0, ""), 0u);
  EXPECT_EQ(crc64(0, "123456789"), 0xe9c6d914c4b8d9cau);
}

TEST(Crc64, PiecesAddUp) {
  std::string bytes;
  for (int i = 0; i < 200; ++i) bytes += static_cast<char>(i * 13);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    EXPECT_EQ(crc64(crc64(0, bytes.substr(0, cut)), bytes.substr(cut)), crc64(0, bytes)) << cut;
  }
}

}  // namespace
}  // namespace kv::protocol
