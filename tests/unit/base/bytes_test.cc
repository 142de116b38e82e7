#include "corering/base/bytes.h"

#include <gtest/gtest.h>

#include <string_view>

namespace {

namespace base = corering::base;

TEST(Bytes, ViewsOfTextAndBackCopyNothingAndLoseNothing) {
  using std::string_view_literals::operator""sv;
  const std::string_view text = "line\r\n\0tail\xff"sv;
  const base::ByteView bytes = base::bytes_of(text);
  EXPECT_EQ(static_cast<const void*>(bytes.data()), text.data());
  EXPECT_EQ(bytes.size(), 12u);
  EXPECT_EQ(bytes[11], std::byte{0xff});
  EXPECT_EQ(base::text_of(bytes), text);
}

TEST(Bytes, AnEmptyViewIsEmptyText) { EXPECT_EQ(base::text_of({}), ""); }

}  // namespace
