// The CPU time that a process has used so far, by the clocks that /proc offers.
//
// `run_ns` adds up the run time of each thread from /proc/PID/task/*/schedstat: in nanoseconds, io_uring's worker threads included
// because they are tasks of the process, but without threads that have ended and up to one scheduler tick late for a thread that is
// running. Some kernels leave schedstat out; then it is 0. `wait_ns` is from the same place: how long threads were ready to run
// while something else had the CPU, which tells whether a measurement was disturbed. `ticks_ns` is user plus system time of
// /proc/PID/stat: the whole process, ended threads included, in steps of a clock tick (10 ms).
//
// Errors: a process that does not exist, or that may not be read, has used 0.
// Source: proc(5); Documentation/scheduler/sched-stats.rst of Linux.
#ifndef CORERING_BENCH_PEERS_PROCESS_CPU_H_
#define CORERING_BENCH_PEERS_PROCESS_CPU_H_

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

namespace corering::bench {

struct ProcessCpu {
  uint64_t run_ns = 0;
  uint64_t wait_ns = 0;
  uint64_t ticks_ns = 0;

  // What was used since `start`; 0 where threads that ended in between have taken more with them than was added.
  ProcessCpu since(const ProcessCpu& start) const {
    const auto difference = [](uint64_t now, uint64_t before) { return now > before ? now - before : 0; };
    return {.run_ns = difference(run_ns, start.run_ns),
            .wait_ns = difference(wait_ns, start.wait_ns),
            .ticks_ns = difference(ticks_ns, start.ticks_ns)};
  }
};

inline void add_threads(const std::filesystem::path& process, ProcessCpu& cpu) {
  std::error_code error;
  for (std::filesystem::directory_iterator task(process / "task", error), end; !error && task != end; task.increment(error)) {
    uint64_t run_ns = 0, wait_ns = 0;
    if (!(std::ifstream(task->path() / "schedstat") >> run_ns >> wait_ns)) continue;
    cpu.run_ns += run_ns;
    cpu.wait_ns += wait_ns;
  }
}

inline uint64_t read_ticks_ns(const std::filesystem::path& process) {
  std::ifstream stat(process / "stat");
  std::string line;
  std::getline(stat, line);
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses: count from the last one.
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return 0;
  constexpr int kFieldsBetween = 11;  // from the state, field 3, to the one before utime, field 14
  std::istringstream fields(line.substr(name_end + 1));
  std::string skipped;
  for (int field = 0; field < kFieldsBetween; ++field) fields >> skipped;
  uint64_t user_ticks = 0, system_ticks = 0;
  fields >> user_ticks >> system_ticks;
  return (user_ticks + system_ticks) * (1'000'000'000 / static_cast<uint64_t>(sysconf(_SC_CLK_TCK)));
}

// Cost: some dozen system calls and allocations; for the two ends of a measured window only.
inline ProcessCpu read_process_cpu(int pid) {
  const std::filesystem::path process = "/proc/" + std::to_string(pid);
  ProcessCpu cpu;
  add_threads(process, cpu);
  cpu.ticks_ns = read_ticks_ns(process);
  return cpu;
}

// The CPU time of the kernel's softirq threads. Loopback traffic is normally charged to the process that sends, but under pressure
// the kernel hands it to these threads, and then a server looks cheaper than it is. 0 where kernel threads are not visible, as in
// most containers.
//
// Cost: looks at every process once; for the two ends of a measured window only.
inline uint64_t read_softirq_threads_ns() {
  ProcessCpu cpu;
  std::error_code error;
  for (std::filesystem::directory_iterator process("/proc", error), end; !error && process != end; process.increment(error)) {
    std::string name;
    std::getline(std::ifstream(process->path() / "comm"), name);
    if (name.starts_with("ksoftirqd/")) add_threads(process->path(), cpu);
  }
  return cpu.run_ns;
}

}  // namespace corering::bench

#endif  // CORERING_BENCH_PEERS_PROCESS_CPU_H_
