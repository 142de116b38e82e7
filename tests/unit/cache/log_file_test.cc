#include "corering/cache/log_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "corering/cache/superblock.h"

namespace {

using namespace corering;
using cache::LogFile;

class LogFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "corering-log-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    options_.path = folder_ / "cache";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string refusal() {
    auto file = LogFile::open(options_);
    return file ? "" : file.error().text;
  }

  void overwrite(std::uint64_t offset, const std::string& bytes) {
    std::fstream file(options_.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset));
    file << bytes;
  }

  std::filesystem::path folder_;
  LogFile::Options options_{.bytes_max = 1 << 20, .segment_bytes = 65536};
};

TEST_F(LogFileTest, IsAllocatedInFullAndKnownAgain) {
  std::uint64_t id = 0;
  {
    auto file = LogFile::open(options_);
    ASSERT_TRUE(file) << file.error().text;
    EXPECT_TRUE(file->is_new());
    EXPECT_EQ(file->layout().segment_count, 15u);
    struct stat status = {};
    ASSERT_EQ(::fstat(file->fd(), &status), 0);
    EXPECT_EQ(static_cast<std::uint64_t>(status.st_size), file->layout().file_bytes());
    EXPECT_GE(status.st_blocks * 512, status.st_size) << "a sparse file would fail when it is written";
    id = file->layout().file_id;
  }
  auto again = LogFile::open(options_);
  ASSERT_TRUE(again) << again.error().text;
  EXPECT_FALSE(again->is_new());
  EXPECT_EQ(again->layout().file_id, id);
}

TEST_F(LogFileTest, ASecondUserIsRefusedAndToldWhoTheFirstIs) {
  auto file = LogFile::open(options_);
  ASSERT_TRUE(file);
  auto second = LogFile::open(options_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, base::ErrorCode::address_in_use);
  EXPECT_NE(second.error().text.find("process " + std::to_string(::getpid())), std::string::npos) << second.error().text;
}

TEST_F(LogFileTest, AForeignFileIsLeftAsItIsUnlessReset) {
  std::ofstream(options_.path) << std::string(5000, 'x');
  EXPECT_NE(refusal().find("is not a cache file"), std::string::npos);
  EXPECT_EQ(std::filesystem::file_size(options_.path), 5000u);
  options_.content = LogFile::Content::reset;
  EXPECT_EQ(refusal(), "");
  options_.content = LogFile::Content::keep;
  EXPECT_EQ(refusal(), "");
}

TEST_F(LogFileTest, AnotherVersionIsRefused) {
  ASSERT_EQ(refusal(), "");
  overwrite(8, std::string("\x02\0\0\0", 4));
  EXPECT_NE(refusal().find("has version 2"), std::string::npos) << refusal();
}

TEST_F(LogFileTest, AnotherSizeOrOwnerIsRefused) {
  ASSERT_EQ(refusal(), "");
  options_.bytes_max = 2 << 20;
  EXPECT_NE(refusal().find("15 segments"), std::string::npos) << refusal();
  options_.bytes_max = 1 << 20;
  options_.owner = 7;
  EXPECT_NE(refusal().find("belongs to owner 0"), std::string::npos) << refusal();
  options_.owner = 0;
  options_.bytes_max = 4096;
  EXPECT_NE(refusal().find("needs"), std::string::npos);
}

TEST_F(LogFileTest, EitherSuperblockWillDoAndIsMended) {
  ASSERT_EQ(refusal(), "");
  overwrite(0, std::string(4096, '\0'));
  ASSERT_EQ(refusal(), "");
  overwrite(std::filesystem::file_size(options_.path) - 4096, std::string(4096, 'x'));
  ASSERT_EQ(refusal(), "");
  overwrite(0, std::string(4096, '\0'));
  EXPECT_EQ(refusal(), "") << "the second was written again when the first was used";
}

TEST_F(LogFileTest, ATruncatedFileIsAllocatedAgain) {
  ASSERT_EQ(refusal(), "");
  const auto bytes = std::filesystem::file_size(options_.path);
  std::filesystem::resize_file(options_.path, 100'000);
  ASSERT_EQ(refusal(), "");
  EXPECT_EQ(std::filesystem::file_size(options_.path), bytes);
}

TEST_F(LogFileTest, APoisonedFileBeginsAnew) {
  std::uint64_t id = 0;
  {
    auto file = LogFile::open(options_);
    ASSERT_TRUE(file);
    id = file->layout().file_id;
    std::vector<std::byte> block(cache::kFileBlockBytes);
    cache::write_superblock(block, {.layout = file->layout(), .poisoned = true});
    ASSERT_EQ(::pwrite(file->fd(), block.data(), block.size(), 0), static_cast<ssize_t>(block.size()));
  }
  auto file = LogFile::open(options_);
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->was_poisoned());
  EXPECT_NE(file->layout().file_id, id);
}

}  // namespace
