#include "corering/base/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using corering::base::log;
using corering::base::LogLevel;
using corering::base::set_log_level;

// stderr leads into a pipe while this lives.
class StderrPipe {
 public:
  explicit StderrPipe(int flags = 0) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), flags | O_NONBLOCK), 0);
    read_end_ = ends[0];
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[1]);
  }
  ~StderrPipe() {
    restore();
    ::close(read_end_);
  }

  // Puts stderr back and returns what one read(2) after the other gave.
  std::vector<std::string> finish() {
    restore();
    std::vector<std::string> reads;
    std::array<char, 65536> buffer;
    for (ssize_t count; (count = ::read(read_end_, buffer.data(), buffer.size())) > 0;) {
      reads.emplace_back(buffer.data(), static_cast<std::size_t>(count));
    }
    return reads;
  }

 private:
  void restore() {
    if (kept_ < 0) return;
    ::dup2(kept_, STDERR_FILENO);
    ::close(kept_);
    kept_ = -1;
  }

  int kept_ = ::dup(STDERR_FILENO);
  int read_end_ = -1;
};

class Log : public testing::Test {
 protected:
  ~Log() override { set_log_level(LogLevel::info); }
};

TEST_F(Log, NamesTheProgramAndEveryLevelButTheUsualOne) {
  set_log_level(LogLevel::debug);
  StderrPipe pipe(O_DIRECT);
  log(LogLevel::debug, "one");
  log(LogLevel::info, "two");
  log(LogLevel::warning, "three");
  log(LogLevel::error, "four");
  EXPECT_EQ(pipe.finish(), (std::vector<std::string>{"corering: debug: one\n", "corering: two\n", "corering: warning: three\n",
                                                     "corering: error: four\n"}));
}

TEST_F(Log, DropsWhatIsBelowTheLevel) {
  StderrPipe pipe(O_DIRECT);
  log(LogLevel::debug, "dropped from the start");
  set_log_level(LogLevel::error);
  log(LogLevel::info, "dropped");
  log(LogLevel::warning, "dropped");
  log(LogLevel::error, "kept");
  set_log_level(LogLevel::silent);
  log(LogLevel::error, "dropped");
  EXPECT_EQ(pipe.finish(), std::vector<std::string>{"corering: error: kept\n"});
}

// A pipe in packet mode (O_DIRECT) gives each write(2) back as one read(2).
TEST_F(Log, WritesALineAtOnce) {
  const std::string line(2'000, 'x');
  StderrPipe pipe(O_DIRECT);
  log(LogLevel::info, line);
  log(LogLevel::info, "");
  EXPECT_EQ(pipe.finish(), (std::vector<std::string>{"corering: " + line + "\n", "corering: \n"}));
}

TEST_F(Log, LinesOfSeveralThreadsDoNotMix) {
  constexpr int kThreads = 4;
  constexpr int kLines = 100;
  StderrPipe pipe;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([line = std::string(20, static_cast<char>('a' + thread))] {
        for (int count = 0; count < kLines; ++count) log(LogLevel::info, line);
      });
    }
  }
  std::string all;
  for (const std::string& read : pipe.finish()) all += read;
  std::istringstream lines(all);
  std::map<std::string, int> counts;
  for (std::string line; std::getline(lines, line);) ++counts[line];
  ASSERT_EQ(counts.size(), std::size_t{kThreads}) << all;
  for (const auto& [line, count] : counts) EXPECT_EQ(count, kLines) << line;
}

TEST_F(Log, SurvivesAPipeThatIsFull) {
  StderrPipe pipe;
  const std::string line(1'000, 'x');
  for (int count = 0; count < 100; ++count) log(LogLevel::error, line);
  EXPECT_FALSE(pipe.finish().empty());
}

}  // namespace
