#include "corering/sys/process_usage.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <ctime>
#include <thread>

#include "corering/sys/fd.h"

namespace {

using namespace corering::sys;

TEST(ProcessUsage, KnowsWhatEveryProcessHas) {
  const ProcessUsage usage = process_usage();
  EXPECT_GT(usage.resident_bytes, std::uint64_t{1} << 20);
  EXPECT_GT(usage.virtual_bytes, usage.resident_bytes);
  EXPECT_GT(usage.minor_faults, 0U);
  EXPECT_GE(usage.threads, 1U);
  EXPECT_GE(usage.open_files_max, usage.open_files);
  const auto now_ns = static_cast<std::uint64_t>(std::time(nullptr)) * 1'000'000'000;
  EXPECT_LE(usage.start_unix_ns, now_ns + 2'000'000'000);
  EXPECT_GT(usage.start_unix_ns + 86'400'000'000'000, now_ns) << "this test was started today";
}

TEST(ProcessUsage, CountsFilesThreadsAndCpuTime) {
  const ProcessUsage before = process_usage();
  const Fd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  std::jthread thread([](const std::stop_token& stop) {
    while (!stop.stop_requested()) std::this_thread::yield();
  });
  EXPECT_EQ(process_usage().open_files, before.open_files + 1);
  EXPECT_EQ(process_usage().threads, before.threads + 1);
  ProcessUsage after = process_usage();
  while (after.user_ns + after.system_ns == before.user_ns + before.system_ns) after = process_usage();
  EXPECT_GT(after.user_ns + after.system_ns, before.user_ns + before.system_ns);
}

}  // namespace
