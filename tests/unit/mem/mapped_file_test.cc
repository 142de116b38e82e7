#include "corering/mem/mapped_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using corering::base::bytes_of;
using corering::base::ErrorCode;
using corering::base::Result;
using corering::mem::MappedFile;
using Mode = MappedFile::Mode;

const std::size_t kPage = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

// A folder of its own per test, gone afterwards.
class MappedFileTest : public testing::Test {
 protected:
  MappedFileTest() {
    std::string folder = testing::TempDir() + "mapped_file_XXXXXX";
    EXPECT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    path_ = folder + "/file";
  }
  ~MappedFileTest() override { std::filesystem::remove_all(folder_); }

  MappedFile open(const MappedFile::Options& options) const {
    auto file = MappedFile::open(path_, options);
    EXPECT_TRUE(file.has_value()) << file.error().text;
    return std::move(*file);
  }
  MappedFile create(std::size_t bytes) const { return open({.size_bytes = bytes, .mode = Mode::create}); }

  void put(const std::string& text) const { std::ofstream(path_) << text; }
  std::string content() const {
    std::ifstream stream(path_);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  // By another descriptor, as somebody else would.
  void truncate(std::size_t bytes) const { ASSERT_EQ(::truncate(path_.c_str(), static_cast<off_t>(bytes)), 0); }

  std::string folder_;
  std::string path_;
};

std::string text_at(const MappedFile& file, std::size_t offset, std::size_t bytes) {
  std::string text(bytes, '?');
  const auto read = file.read(offset, std::as_writable_bytes(std::span(text)));
  EXPECT_TRUE(read.has_value()) << read.error().text;
  return text;
}

Result<> read_at(const MappedFile& file, std::size_t offset, std::size_t bytes) {
  std::vector<std::byte> memory(bytes);
  return file.read(offset, memory);
}

template <typename T>
void expect_error(const Result<T>& result, ErrorCode code, const std::string& text) {
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, code);
  EXPECT_EQ(result.error().text, text);
}

TEST_F(MappedFileTest, CreatesAFileOfZerosForItsOwner) {
  const MappedFile file = create(10'000);
  EXPECT_EQ(file.size(), 10'000u);
  EXPECT_EQ(text_at(file, 0, 10'000), std::string(10'000, '\0'));
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_size, 10'000);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_GE(status.st_blocks * 512, 10'000) << "not allocated";
}

TEST_F(MappedFileTest, WhatIsWrittenIsReadByItAndByOthersAndPersists) {
  {
    MappedFile file = create(3 * kPage);
    ASSERT_TRUE(file.write(kPage - 3, bytes_of("over a page")));
    ASSERT_TRUE(file.write(3 * kPage - 3, bytes_of("end")));
    EXPECT_EQ(text_at(file, kPage - 3, 11), "over a page");
    EXPECT_EQ(content().substr(kPage - 3, 11), "over a page");
  }
  const MappedFile file = open({.mode = Mode::read_only});
  EXPECT_EQ(file.size(), 3 * kPage);
  EXPECT_EQ(text_at(file, kPage - 3, 11), "over a page");
  EXPECT_EQ(text_at(file, 3 * kPage - 3, 3), "end");
}

TEST_F(MappedFileTest, CreateKeepsWhatIsThereAndFillsTheHoles) {
  put("kept");
  truncate(5 * kPage);
  EXPECT_EQ(create(2 * kPage).size(), 5 * kPage);
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_GE(static_cast<std::size_t>(status.st_blocks * 512), 5 * kPage);
  const MappedFile file = create(6 * kPage);
  EXPECT_EQ(file.size(), 6 * kPage);
  EXPECT_EQ(text_at(file, 0, 5), std::string("kept\0", 5));
}

TEST_F(MappedFileTest, MapsAFileThatEndsWithinAPage) {
  put("ten bytes.");
  MappedFile file = open({.size_bytes = 10, .mode = Mode::read_write});
  EXPECT_EQ(file.size(), 10u);
  EXPECT_EQ(text_at(file, 4, 6), "bytes.");
  EXPECT_FALSE(read_at(file, 4, 7));
  ASSERT_TRUE(file.write(0, bytes_of("TEN")));
  EXPECT_EQ(content(), "TEN bytes.");
}

TEST_F(MappedFileTest, RefusesEverythingBeyondItsSize) {
  MappedFile file = create(100);
  EXPECT_TRUE(read_at(file, 100, 0));
  EXPECT_TRUE(file.write(100, {}));
  EXPECT_TRUE(file.flush(100, 0));
  const std::pair<std::size_t, std::size_t> outside[] = {{0, 101},      {100, 1},      {101, 0},
                                                         {SIZE_MAX, 0}, {SIZE_MAX, 1}, {SIZE_MAX - 9, 60}};
  for (const auto& [offset, bytes] : outside) {
    const std::string text = "file " + path_ + ": found " + std::to_string(bytes) + " bytes from " + std::to_string(offset) +
                             ", need a range within its 100";
    const std::string source(bytes, 'x');
    expect_error(read_at(file, offset, bytes), ErrorCode::invalid_argument, text);
    expect_error(file.write(offset, bytes_of(source)), ErrorCode::invalid_argument, text);
    expect_error(file.flush(offset, bytes), ErrorCode::invalid_argument, text);
    expect_error(file.flush_async(offset, bytes), ErrorCode::invalid_argument, text);
  }
  EXPECT_FALSE(file.flush(1, SIZE_MAX));
  EXPECT_FALSE(file.flush_async(1, SIZE_MAX));
  EXPECT_EQ(content(), std::string(100, '\0'));
}

TEST_F(MappedFileTest, OpenForReadingItIsNotWritten) {
  put("text");
  MappedFile file = open({.mode = Mode::read_only});
  const std::string text = "file " + path_ + ": found it open for reading only, need it open for writing";
  expect_error(file.write(0, bytes_of("x")), ErrorCode::forbidden, text);
  expect_error(file.grow(100), ErrorCode::forbidden, text);
  EXPECT_TRUE(file.flush());
  EXPECT_TRUE(file.flush_async());
  EXPECT_EQ(content(), "text");
}

TEST_F(MappedFileTest, SaysWhyItDoesNotOpen) {
  expect_error(MappedFile::open(path_, {}), ErrorCode::system, "opening file " + path_ + ": No such file or directory");
  expect_error(MappedFile::open(path_, {.mode = Mode::create}), ErrorCode::invalid_argument,
               "file " + path_ + ": found a size of 0 bytes to create, need at least 1");
  EXPECT_FALSE(std::filesystem::exists(path_));

  const std::string pipe = folder_ + "/pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string& path : {folder_, pipe, std::string("/dev/null")}) {
    expect_error(MappedFile::open(path, {}), ErrorCode::invalid_argument,
                 "file " + path + ": found something else than a file, need a file");
  }

  put("");
  expect_error(MappedFile::open(path_, {}), ErrorCode::invalid_argument,
               "file " + path_ + ": found it empty, need at least 1 byte");
  put("short");
  for (const Mode mode : {Mode::read_only, Mode::read_write}) {
    expect_error(MappedFile::open(path_, {.size_bytes = 6, .mode = mode}), ErrorCode::system,
                 "file " + path_ + ": found 5 bytes, need at least 6");
  }
  EXPECT_EQ(content(), "short");
}

TEST_F(MappedFileTest, GrowsAndKeepsItsBytes) {
  {
    MappedFile file = create(100);
    ASSERT_TRUE(file.write(90, bytes_of("0123456789")));
    for (const std::size_t bytes : {kPage, 10 * kPage + 1, std::size_t{4} << 20}) {
      ASSERT_TRUE(file.grow(bytes)) << bytes;
      EXPECT_EQ(file.size(), bytes);
      EXPECT_EQ(text_at(file, 90, 11), std::string("0123456789\0", 11));
      EXPECT_EQ(text_at(file, bytes - 1, 1), std::string(1, '\0'));
      ASSERT_TRUE(file.write(bytes - 3, bytes_of("end")));
    }
    EXPECT_TRUE(file.grow(file.size()));
  }
  const MappedFile file = open({.mode = Mode::read_only});
  EXPECT_EQ(text_at(file, 90, 10), "0123456789");
  EXPECT_EQ(text_at(file, 10 * kPage - 2, 3), "end");
  EXPECT_EQ(text_at(file, file.size() - 3, 3), "end");
}

TEST_F(MappedFileTest, RefusesToShrinkAndToGrowBeyondReason) {
  MappedFile file = create(100);
  ASSERT_TRUE(file.write(0, bytes_of("kept")));
  expect_error(file.grow(99), ErrorCode::invalid_argument,
               "file " + path_ + ": found a size of 99 bytes to grow to, need at least 100");
  expect_error(file.grow(SIZE_MAX), ErrorCode::system, "file " + path_ + ": allocating 18446744073709551615 bytes: File too large");
  EXPECT_FALSE(file.grow(std::size_t{1} << 62));
  EXPECT_EQ(file.size(), 100u);
  EXPECT_EQ(std::filesystem::file_size(path_), 100u);
  EXPECT_EQ(text_at(file, 0, 4), "kept");
}

TEST_F(MappedFileTest, ALimitOnFileSizesIsAnErrorAndNotASignal) {
  MappedFile file = create(100);
  rlimit kept{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &kept), 0);
  const rlimit little{kPage, kept.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &little), 0);
  const Result<> refused = file.grow(kPage + 1);
  const Result<> granted = file.grow(kPage);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &kept), 0);
  expect_error(refused, ErrorCode::limit_too_low,
               "file " + path_ + ": found a limit of " + std::to_string(kPage) + " bytes per file, need " +
                   std::to_string(kPage + 1) + "; raise it with ulimit -f");
  EXPECT_TRUE(granted);
}

TEST_F(MappedFileTest, FlushesAllAndRangesThatBeginAnywhere) {
  MappedFile file = create(10 * kPage);
  ASSERT_TRUE(file.write(kPage + 100, bytes_of("flushed")));
  EXPECT_TRUE(file.flush_async());
  EXPECT_TRUE(file.flush_async(kPage + 100, 7));
  EXPECT_TRUE(file.flush());
  EXPECT_TRUE(file.flush(kPage + 100, 7));
  EXPECT_TRUE(file.flush(1, 10 * kPage - 1));
  EXPECT_EQ(content().substr(kPage + 100, 7), "flushed");
}

TEST_F(MappedFileTest, NoAdviceChangesTheBytes) {
  MappedFile file = create(10 * kPage);
  using Advice = MappedFile::Advice;
  for (const Advice advice : {Advice::sequential, Advice::random, Advice::will_need, Advice::do_not_need, Advice::normal}) {
    const std::string text = "advice " + std::to_string(static_cast<int>(advice));
    ASSERT_TRUE(file.write(2 * kPage - 3, bytes_of(text)));
    const Result<> advised = file.advise(advice);
    EXPECT_TRUE(advised.has_value()) << text << ": " << advised.error().text;
    EXPECT_EQ(text_at(file, 2 * kPage - 3, text.size()), text);
  }
  if (const Result<> advised = file.advise(Advice::huge); !advised) {
    expect_error(advised, ErrorCode::unsupported, "file " + path_ + ": this kernel has no transparent huge pages to advise");
  }
  EXPECT_TRUE(file.grow(20 * kPage)) << "advised memory is one mapping still";
}

TEST_F(MappedFileTest, MovesWithItsFile) {
  MappedFile first = create(kPage);
  ASSERT_TRUE(first.write(0, bytes_of("moved")));
  MappedFile second = std::move(first);
  EXPECT_EQ(first.size(), 0u);
  EXPECT_FALSE(read_at(first, 0, 1));
  EXPECT_FALSE(first.grow(1));
  EXPECT_EQ(text_at(second, 0, 5), "moved");
  MappedFile third = std::move(first);
  third = std::move(second);
  EXPECT_EQ(text_at(third, 0, 5), "moved");
  EXPECT_TRUE(third.grow(2 * kPage));
}

TEST_F(MappedFileTest, SurvivesATruncationToWholePages) {
  MappedFile file = create(4 * kPage);
  const std::string pages(4 * kPage, 'x');
  ASSERT_TRUE(file.write(0, bytes_of(pages)));
  truncate(2 * kPage);
  const auto text = [&](std::size_t need) {
    return "file " + path_ + ": found " + std::to_string(2 * kPage) + " bytes, need " + std::to_string(need) +
           ": somebody has truncated it";
  };
  for (int round = 0; round < 100; ++round) {
    expect_error(read_at(file, 2 * kPage, 1), ErrorCode::system, text(2 * kPage + 1));
    expect_error(read_at(file, 0, 4 * kPage), ErrorCode::system, text(4 * kPage));
    expect_error(file.write(2 * kPage, bytes_of("y")), ErrorCode::system, text(2 * kPage + 1));
    expect_error(file.write(2 * kPage - 1, bytes_of("yy")), ErrorCode::system, text(2 * kPage + 1));
    expect_error(file.write(4 * kPage - 1, bytes_of("y")), ErrorCode::system, text(4 * kPage));
  }
  EXPECT_EQ(text_at(file, 0, 2 * kPage), pages.substr(0, 2 * kPage)) << "a refused write has left something";
  EXPECT_TRUE(file.write(2 * kPage - 1, bytes_of("z")));
  EXPECT_TRUE(file.flush());
  EXPECT_TRUE(file.flush_async());
  EXPECT_EQ(file.size(), 4 * kPage);
  truncate(0);
  EXPECT_FALSE(read_at(file, 0, 1));
  EXPECT_FALSE(file.write(0, bytes_of("y")));
}

// Within the page of the real end nothing faults: zeros are read, and writes go nowhere.
TEST_F(MappedFileTest, SeesTheEndWithinAPage) {
  MappedFile file = create(2 * kPage);
  ASSERT_TRUE(file.write(0, bytes_of(std::string(2 * kPage, 'x'))));
  for (const std::size_t end : {kPage + 100, std::size_t{50}}) {
    truncate(end);
    EXPECT_EQ(text_at(file, end - 10, 10), "xxxxxxxxxx");
    EXPECT_FALSE(read_at(file, end - 10, 11)) << end;
    EXPECT_FALSE(read_at(file, end, 1)) << end;
    EXPECT_FALSE(read_at(file, end + 10, 1)) << end;
    EXPECT_FALSE(file.write(end, bytes_of("y"))) << end;
    EXPECT_FALSE(file.write(end - 1, bytes_of("yy"))) << end;
    EXPECT_TRUE(file.write(end - 1, bytes_of("x"))) << end;
    EXPECT_EQ(content(), std::string(end, 'x'));
  }
}

TEST_F(MappedFileTest, GrowingPutsATruncatedFileRight) {
  MappedFile file = create(3 * kPage);
  ASSERT_TRUE(file.write(0, bytes_of(std::string(3 * kPage, 'x'))));
  truncate(kPage + 1);
  ASSERT_FALSE(read_at(file, 2 * kPage, 1));
  ASSERT_TRUE(file.grow(file.size()));
  EXPECT_EQ(text_at(file, kPage, 3), std::string("x\0\0", 3));
  EXPECT_TRUE(file.write(2 * kPage, bytes_of("again")));
  EXPECT_EQ(content().substr(2 * kPage, 5), "again");
}

TEST_F(MappedFileTest, SurvivesTruncationsWhileItCopies) {
  constexpr std::size_t kPages = 64;
  MappedFile file = create(kPages * kPage);
  ASSERT_TRUE(file.write(0, bytes_of(std::string(kPages * kPage, 'x'))));
  std::atomic<bool> stop = false;
  std::jthread other([&] {
    while (!stop) {
      truncate(kPage / 2);
      truncate(kPages * kPage);
    }
  });
  const std::string pages(kPages * kPage, 'x');
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  int refused = 0;
  for (int round = 0; (round < 1'000 || refused < 100) && std::chrono::steady_clock::now() < end; ++round) {
    refused += file.write(0, bytes_of(pages)) ? 0 : 1;
    refused += read_at(file, 0, kPages * kPage) ? 0 : 1;
  }
  stop = true;
  EXPECT_GE(refused, 100);
}

using MappedFileDeathTest = MappedFileTest;

TEST_F(MappedFileDeathTest, AMappingOfOthersStillKills) {
  const MappedFile file = create(kPage);
  const int fd = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
  const auto* others = static_cast<volatile char*>(::mmap(nullptr, kPage, PROT_READ, MAP_SHARED, fd, 0));
  truncate(0);
  EXPECT_FALSE(read_at(file, 0, 1));
  EXPECT_DEATH(static_cast<void>(*others), "");  // of what: guarded_copy_test.cc
  ::close(fd);
}

// A file system of 16 pages, seen by nobody else. False where that is not allowed, as to everybody but root.
bool mount_small_disk(const std::string& folder) {
  const std::string options = "size=" + std::to_string(16 * kPage);
  return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", folder.c_str(), "tmpfs", 0, options.c_str()) == 0;
}

TEST_F(MappedFileDeathTest, AFullDiskIsAnError) {
  constexpr int kNotAllowed = 77;
  bool skipped = false;
  const auto passed = [&skipped](int status) {
    skipped = WIFEXITED(status) && WEXITSTATUS(status) == kNotAllowed;
    return skipped || status == 0;
  };
  EXPECT_EXIT(
      {
        if (!mount_small_disk(folder_)) _exit(kNotAllowed);
        // Not allocated, not mapped; nothing is left on the disk.
        const std::string full = "file " + path_ + ": allocating " + std::to_string(17 * kPage) + " bytes: No space left on device";
        expect_error(MappedFile::open(path_, {.size_bytes = 17 * kPage, .mode = Mode::create}), ErrorCode::system, full);
        EXPECT_EQ(std::filesystem::file_size(path_), 0u);
        MappedFile file = create(8 * kPage);
        expect_error(file.grow(17 * kPage), ErrorCode::system, full);
        EXPECT_EQ(file.size(), 8 * kPage);
        EXPECT_EQ(std::filesystem::file_size(path_), 8 * kPage);
        EXPECT_TRUE(file.grow(16 * kPage));
        // A hole that the disk has no room for.
        truncate(0);
        truncate(32 * kPage);
        MappedFile sparse = open({.mode = Mode::read_write});
        EXPECT_TRUE(sparse.write(0, bytes_of("room")));
        expect_error(
            sparse.write(0, bytes_of(std::string(32 * kPage, 'x'))), ErrorCode::system,
            "file " + path_ + ": " + std::to_string(32 * kPage) + " bytes from 0, the disk is full or failing: Input/output error");
        _exit(HasFailure() ? 1 : 0);
      },
      passed, "");
  if (skipped) GTEST_SKIP() << "only root may mount a small disk";
}

}  // namespace
