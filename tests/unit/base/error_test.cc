#include "corering/base/error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <utility>

namespace {

using corering::base::ErrorCode;
using corering::base::os_error;

// Servers turn the code into an exit code and a remedy: what can be acted on must not drown in `system`.
TEST(Error, TellsApartWhatAnOperatorCanActOn) {
  const std::pair<int, ErrorCode> codes[] = {
      {EADDRINUSE, ErrorCode::address_in_use}, {EPERM, ErrorCode::forbidden},      {EACCES, ErrorCode::forbidden},
      {ENOSYS, ErrorCode::unsupported},        {EMFILE, ErrorCode::limit_too_low}, {ENFILE, ErrorCode::limit_too_low},
      {ENOMEM, ErrorCode::out_of_memory},      {EIO, ErrorCode::system},
  };
  for (const auto& [os_code, code] : codes) EXPECT_EQ(os_error(os_code, "opening").code, code) << os_code;
}

TEST(Error, KeepsTheErrnoAndSaysWhatFailedAndWhyInOneLine) {
  const auto error = os_error(EACCES, "binding 127.0.0.1:80");
  EXPECT_EQ(error.os_error, EACCES);
  EXPECT_EQ(error.text, "binding 127.0.0.1:80: Permission denied");
}

TEST(Error, HasATextForNumbersNobodyKnows) { EXPECT_FALSE(corering::base::errno_text(98765).empty()); }

}  // namespace
