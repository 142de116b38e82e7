#include "corering/sys/thread.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

namespace corering::sys {

namespace {

using Body = std::function<void()>;

std::size_t stack_bytes(std::size_t wanted) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto least = static_cast<std::size_t>(::sysconf(_SC_THREAD_STACK_MIN));
  return (std::max(wanted, least) + page - 1) / page * page;
}

void* run(void* body) {
  const std::unique_ptr<Body> owned(static_cast<Body*>(body));
  (*owned)();
  return nullptr;
}

}  // namespace

base::Result<Thread> Thread::start(Body body, const ThreadOptions& options) {
  auto owned = std::make_unique<Body>(std::move(body));
  pthread_attr_t attributes{};
  ::pthread_attr_init(&attributes);
  if (options.stack_bytes != 0) ::pthread_attr_setstacksize(&attributes, stack_bytes(options.stack_bytes));
  pthread_t id{};
  const int error = ::pthread_create(&id, &attributes, &run, owned.get());
  ::pthread_attr_destroy(&attributes);
  if (error == EAGAIN) {
    return base::failure(
        {base::ErrorCode::limit_too_low, error,
         "the process may not have another thread: raise ulimit -u or the cgroup's pids.max, or ask for fewer cores"});
  }
  if (error != 0) return base::failure(base::os_error(error, "starting a thread"));
  static_cast<void>(owned.release());  // the thread has it
  return Thread(id);
}

Thread::Thread(Thread&& other) noexcept : id_(other.id_), joinable_(std::exchange(other.joinable_, false)) {}

Thread& Thread::operator=(Thread&& other) noexcept {
  std::swap(id_, other.id_);
  std::swap(joinable_, other.joinable_);
  return *this;
}

void Thread::join() noexcept {
  if (std::exchange(joinable_, false)) ::pthread_join(id_, nullptr);
}

void Thread::detach() noexcept {
  if (std::exchange(joinable_, false)) ::pthread_detach(id_);
}

}  // namespace corering::sys
