#include "kv/server/tier_files.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

using kv::TierFileOptions;
using kv::TierFiles;

class TierFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "corering-tiers-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    place_ = name;
    options_.folder = name + "/files";
  }
  void TearDown() override { std::filesystem::remove_all(place_); }

  // The error, or nothing.
  std::string open() {
    auto files = TierFiles::open(options_);
    return files ? "" : files.error().text;
  }
  bool exists(const char* name) const { return std::filesystem::exists(options_.folder + "/" + name); }

  std::string place_;
  TierFileOptions options_{.folder = {}, .bytes = std::uint64_t{64} << 20, .cores = 2};
};

TEST_F(TierFilesTest, MakesAFilePerCoreAndOpensThemAgain) {
  EXPECT_EQ(open(), "");
  EXPECT_TRUE(exists("core-0-of-2.l3"));
  EXPECT_TRUE(exists("core-1-of-2.l3"));
  auto files = TierFiles::open(options_);
  ASSERT_TRUE(files);
  EXPECT_FALSE(files->of_core(0).is_new());
  EXPECT_NE(files->of_core(0).layout().owner, files->of_core(1).layout().owner);
}

TEST_F(TierFilesTest, AnotherNumberOfCoresIsRefusedAndLeftAsItIs) {
  ASSERT_EQ(open(), "");
  options_.cores = 1;
  const std::string error = open();
  EXPECT_NE(error.find("found cache files of 2 cores"), std::string::npos) << error;
  EXPECT_NE(error.find("--cores=2"), std::string::npos) << error;
  EXPECT_TRUE(exists("core-1-of-2.l3"));
  EXPECT_FALSE(exists("core-0-of-1.l3"));
}

TEST_F(TierFilesTest, AResetRemovesFilesOfOtherNumbersAndNothingElse) {
  ASSERT_EQ(open(), "");
  std::ofstream(options_.folder + "/core-of-2.l3") << "mine";
  options_.cores = 1;
  options_.resets = true;
  EXPECT_EQ(open(), "");
  EXPECT_TRUE(exists("core-0-of-1.l3"));
  EXPECT_FALSE(exists("core-0-of-2.l3"));
  EXPECT_FALSE(exists("core-1-of-2.l3"));
  EXPECT_TRUE(exists("core-of-2.l3"));
}

TEST_F(TierFilesTest, AResetSparesWhatAnotherServerUses) {
  auto used = TierFiles::open(options_);
  ASSERT_TRUE(used);
  TierFileOptions other = options_;
  other.cores = 1;
  other.resets = true;
  EXPECT_FALSE(TierFiles::open(other));
  EXPECT_TRUE(exists("core-0-of-2.l3"));
}

TEST_F(TierFilesTest, AFolderInAFolderThatIsNotThereIsRefused) {
  options_.folder = place_ + "/far/away";
  EXPECT_NE(open().find("make it"), std::string::npos);
}

}  // namespace
