#include "corering/sys/signals.h"

#include <pthread.h>
#include <signal.h>

#include <ctime>

namespace corering::sys {

namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

}  // namespace

void block_signals(std::initializer_list<int> signals) {
  const sigset_t set = set_of(signals);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

std::optional<int> wait_for_signal(std::initializer_list<int> signals, base::Duration timeout) {
  const sigset_t set = set_of(signals);
  const timespec limit{timeout.count() / 1'000'000'000, timeout.count() % 1'000'000'000};
  const int signal = ::sigtimedwait(&set, nullptr, &limit);
  if (signal < 0) return std::nullopt;
  return signal;
}

}  // namespace corering::sys
