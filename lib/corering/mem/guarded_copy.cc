#include "corering/mem/guarded_copy.h"

#include <pthread.h>
#include <signal.h>
#include <ucontext.h>

#include <atomic>
#include <csetjmp>
#include <cstdint>
#include <cstring>

namespace corering::mem {

namespace {

// A copy that runs, for the handler.
struct Guard {
  std::uintptr_t first;
  std::uintptr_t end;
  sigjmp_buf back;
};

// The innermost copy of this thread. initial-exec, because the other models may allocate at the first access, and that could be
// the handler's; volatile, because the compiler does not see who reads it.
[[gnu::tls_model("initial-exec")]] constinit thread_local Guard* volatile current = nullptr;

// The disposition before ours. Written once, before our handler can run.
struct sigaction earlier;

bool is_of_copy(const siginfo_t& info, const Guard* guard) {
  if (guard == nullptr || (info.si_code != BUS_ADRERR && info.si_code != BUS_MCEERR_AR)) return false;
  const auto address = reinterpret_cast<std::uintptr_t>(info.si_addr);
  return guard->first <= address && address < guard->end;
}

// As if ours had never been there: back to the default, which ends the process.
void end_by_default(const siginfo_t& info) {
  struct sigaction fatal{};
  fatal.sa_handler = SIG_DFL;
  ::sigaction(SIGBUS, &fatal, nullptr);
  // An access that failed fails again when we return, and the core dump shows where. What was only sent has to be sent again.
  if (info.si_code <= 0 || info.si_code == BUS_MCEERR_AO) ::raise(SIGBUS);
}

void call_earlier(int signal, siginfo_t* info, void* context) {
  sigset_t blocked = earlier.sa_mask;
  if ((earlier.sa_flags & SA_NODEFER) == 0) sigaddset(&blocked, SIGBUS);
  sigset_t kept;
  ::pthread_sigmask(SIG_BLOCK, &blocked, &kept);
  if ((earlier.sa_flags & SA_SIGINFO) != 0) {
    earlier.sa_sigaction(signal, info, context);
  } else {
    earlier.sa_handler(signal);
  }
  ::pthread_sigmask(SIG_SETMASK, &kept, nullptr);
}

void on_bus_error(int signal, siginfo_t* info, void* context) {
  Guard* guard = current;
  if (is_of_copy(*info, guard)) {
    // Back to the mask of the copy. The kernel has added nothing to it (SA_NODEFER), but ThreadSanitizer blocks everything while a
    // handler runs, and a SIGBUS that finds itself blocked ends the process.
    ::pthread_sigmask(SIG_SETMASK, &static_cast<ucontext_t*>(context)->uc_sigmask, nullptr);
    siglongjmp(guard->back, 1);
  }
  const bool handled = (earlier.sa_flags & SA_SIGINFO) != 0 || (earlier.sa_handler != SIG_DFL && earlier.sa_handler != SIG_IGN);
  if (handled) return call_earlier(signal, info, context);
  // The kernel, too, lets only those be ignored that somebody sent.
  if (earlier.sa_handler == SIG_IGN && info->si_code <= 0) return;
  end_by_default(*info);
}

bool install() {
  ::sigaction(SIGBUS, nullptr, &earlier);
  struct sigaction ours{};
  ours.sa_sigaction = on_bus_error;
  sigemptyset(&ours.sa_mask);
  // SA_NODEFER: an earlier handler may want the signal not to be blocked; call_earlier blocks it otherwise. SA_ONSTACK: an earlier
  // handler may count on the alternate stack, e.g. to report that the usual one is exhausted.
  ours.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
  ::sigaction(SIGBUS, &ours, nullptr);
  return true;
}

}  // namespace

void install_bus_guard() { [[maybe_unused]] static const bool installed = install(); }

bool try_guarded_copy(std::byte* to, const std::byte* from, std::size_t bytes, base::ByteView mapped) noexcept {
  Guard guard;
  guard.first = reinterpret_cast<std::uintptr_t>(mapped.data());
  guard.end = guard.first + mapped.size();
  // Not null if this thread's copy is interrupted by a signal whose handler copies, too.
  Guard* const outer = current;
  if (sigsetjmp(guard.back, 0) != 0) {
    current = outer;
    return false;
  }
  current = &guard;
  // Otherwise the compiler might move the copy out of the guard's life: it knows memcpy and sees no connection.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (bytes != 0) std::memcpy(to, from, bytes);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  current = outer;
  return true;
}

}  // namespace corering::mem
