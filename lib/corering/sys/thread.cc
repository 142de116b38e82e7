#include "corering/sys/thread.h"

#include <cerrno>
#include <memory>
#include <utility>

namespace corering::sys {

namespace {

using Body = std::function<void()>;

void* run(void* body) {
  const std::unique_ptr<Body> owned(static_cast<Body*>(body));
  (*owned)();
  return nullptr;
}

}  // namespace

base::Result<Thread> Thread::start(Body body) {
  auto owned = std::make_unique<Body>(std::move(body));
  pthread_t id{};
  const int error = ::pthread_create(&id, nullptr, &run, owned.get());
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

}  // namespace corering::sys
