#include "corering/runtime/stack_trace.h"

#include <cxxabi.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string_view>

#include "corering/base/error.h"

// libbacktrace is part of g++'s own package, and its header lies in a folder that no other compiler or tool searches: so what is used
// of it is declared here. Source: backtrace.h of GCC; the interface has not changed since GCC 4.8.
extern "C" {
struct backtrace_state;
using backtrace_error_callback = void (*)(void* data, const char* message, int number);
using backtrace_full_callback = int (*)(void* data, std::uintptr_t address, const char* file, int line, const char* function);
using backtrace_syminfo_callback = void (*)(void* data, std::uintptr_t address, const char* name, std::uintptr_t value,
                                            std::uintptr_t bytes);
backtrace_state* backtrace_create_state(const char* program, int threaded, backtrace_error_callback on_error, void* data);
int backtrace_pcinfo(backtrace_state* state, std::uintptr_t address, backtrace_full_callback on_line,
                     backtrace_error_callback on_error, void* data);
int backtrace_syminfo(backtrace_state* state, std::uintptr_t address, backtrace_syminfo_callback on_symbol,
                      backtrace_error_callback on_error, void* data);
}

namespace corering::runtime {

namespace {

constexpr std::size_t kFramesMax = 48;

// What the signal handler writes to. One capture at a time in the process, named by its ticket: a thread that answers too late
// finds another ticket, or none, and writes nothing.
struct Capture {
  std::atomic<pid_t> wanted{0};  // the thread, 0: nobody
  std::array<std::uintptr_t, kFramesMax> frames{};
  std::size_t count = 0;
  sem_t done{};
};
Capture capture;

_Unwind_Reason_Code note_frame(_Unwind_Context* context, void*) {
  const std::uintptr_t address = _Unwind_GetIP(context);
  if (address == 0 || capture.count == kFramesMax) return _URC_END_OF_STACK;
  capture.frames[capture.count++] = address;
  return _URC_NO_REASON;
}

// Runs on the stalled thread, in the middle of whatever it does: takes no lock and allocates nothing. The unwinder looks its tables
// up with dl_iterate_phdr, whose lock the thread can hold only inside of dlopen, which a core does not call.
void on_signal(int) {
  const int saved_errno = errno;
  pid_t wanted = ::gettid();
  if (capture.wanted.compare_exchange_strong(wanted, 0, std::memory_order_acq_rel)) {
    capture.count = 0;
    _Unwind_Backtrace(&note_frame, nullptr);
    ::sem_post(&capture.done);
  }
  errno = saved_errno;
}

void ignore_error(void*, const char*, int) {}

struct Line {
  std::string text;
};

std::string demangled(const char* name) {
  int status = 0;
  char* readable = abi::__cxa_demangle(name, nullptr, nullptr, &status);
  std::string text = status == 0 ? readable : name;
  std::free(readable);
  return text;
}

int on_line(void* to, std::uintptr_t, const char* file, int number, const char* function) {
  auto& text = static_cast<Line*>(to)->text;
  if (function == nullptr) return 0;
  if (!text.empty()) text += ", inlined in ";
  text += demangled(function);
  if (file == nullptr) return 0;
  const std::string_view path = file;
  ((text += " at ") += path.substr(path.rfind('/') + 1)) += ':' + std::to_string(number);
  return 0;
}

void on_symbol(void* to, std::uintptr_t, const char* name, std::uintptr_t, std::uintptr_t) {
  if (name != nullptr) static_cast<Line*>(to)->text = demangled(name);
}

backtrace_state* symbols() {
  static backtrace_state* const state = backtrace_create_state(nullptr, 1, &ignore_error, nullptr);
  return state;
}

std::string describe(std::uintptr_t address) {
  Line line;
  // A return address belongs to the call before it.
  backtrace_pcinfo(symbols(), address - 1, &on_line, &ignore_error, &line);
  if (line.text.empty()) backtrace_syminfo(symbols(), address - 1, &on_symbol, &ignore_error, &line);
  if (!line.text.empty()) return line.text;
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(address));
  return text.data();
}

}  // namespace

base::Result<> install_stack_capture(int signal_number) {
  static const int kInitialized = ::sem_init(&capture.done, 0, 0);
  if (kInitialized != 0) return base::failure(base::os_error(errno, "sem_init"));
  // The first use of the unwinder may load a library: not in the handler.
  _Unwind_Backtrace([](_Unwind_Context*, void*) { return _URC_END_OF_STACK; }, nullptr);
  struct sigaction action{};
  action.sa_handler = &on_signal;
  action.sa_flags = SA_RESTART;
  if (::sigaction(signal_number, &action, nullptr) == 0) return {};
  return base::failure(base::os_error(errno, "sigaction for stack traces"));
}

std::vector<std::uintptr_t> capture_stack(pid_t thread_id, int signal_number, base::Duration patience) {
  while (::sem_trywait(&capture.done) == 0) {
    // An answer that came too late for the last capture.
  }
  capture.wanted.store(thread_id, std::memory_order_release);
  timespec end{};
  ::clock_gettime(CLOCK_REALTIME, &end);
  const std::int64_t end_ns = end.tv_nsec + patience.count();
  end.tv_sec += end_ns / 1'000'000'000;
  end.tv_nsec = end_ns % 1'000'000'000;
  const bool is_sent = ::syscall(SYS_tgkill, ::getpid(), thread_id, signal_number) == 0;
  bool is_done = is_sent && ::sem_timedwait(&capture.done, &end) == 0;
  pid_t wanted = thread_id;
  // If it has begun in this moment, its end is near and has to be awaited: it writes where the next capture would.
  if (!is_done && !capture.wanted.compare_exchange_strong(wanted, 0, std::memory_order_acq_rel)) {
    while (::sem_wait(&capture.done) != 0) {
    }
    is_done = true;
  }
  if (!is_done) return {};
  // The first two are the handler's own and the kernel's trampoline.
  constexpr std::size_t kOwnFrames = 2;
  if (capture.count <= kOwnFrames) return {};
  return {capture.frames.begin() + kOwnFrames, capture.frames.begin() + static_cast<std::ptrdiff_t>(capture.count)};
}

std::string describe_stack(const std::vector<std::uintptr_t>& stack) {
  std::string text;
  for (std::size_t frame = 0; frame < stack.size(); ++frame) {
    text += "\n  #" + std::to_string(frame) + ' ' + describe(stack[frame]);
  }
  return text;
}

}  // namespace corering::runtime
