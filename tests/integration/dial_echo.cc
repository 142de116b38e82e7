// Calls an echo server through a connection pool, from every core of a runtime, and checks what comes back.
//
//   dial_echo TARGET EACH CONNECTIONS     EACH questions by each of 8 coroutines per core, over at most CONNECTIONS per core
//
// Prints "echoed N over M connections" and exits with 0, or the first error and 1.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "corering/net/connection_pool.h"
#include "corering/net/dialer.h"
#include "corering/runtime/runtime.h"

namespace {

using namespace corering;

constexpr int kAskers = 8;

class Caller final : public runtime::Service {
 public:
  Caller(runtime::Core& core, const net::Target& target, int each, std::size_t connections)
      : dialer_(core, {}), pool_(dialer_, target, {.connections_max = connections}), each_(each) {}

  void start() override {
    for (int asker = 0; asker < kAskers; ++asker) {
      ++running_;
      tasks_.push_back(ask_all(*this, asker));
      tasks_.back().inherit(dialer_.core().scheduler().context());
      tasks_.back().start([](void* self) { static_cast<Caller*>(self)->on_ended(); }, this);
    }
  }
  void drain() override {}
  void abort() override { dialer_.abort(); }
  bool is_idle() const override { return running_ == 0 && pool_.is_empty() && dialer_.is_idle(); }
  void end() override { dialer_.end(); }

  int echoed() const { return echoed_; }
  const std::string& error() const { return error_; }

 private:
  static sched::Task<> ask_all(Caller& self, int asker) {
    for (int number = 0; number < self.each_ && self.error_.empty(); ++number) {
      // Of different lengths, and longer than a chunk now and then.
      const std::string question(static_cast<std::size_t>((number * 7919 + asker * 13) % 20'000 + 1),
                                 static_cast<char>('a' + asker));
      base::Result<net::PooledConnection> borrowed = co_await self.pool_.borrow();
      if (!borrowed) {
        self.error_ = borrowed.error().text;
        co_return;
      }
      net::PooledConnection& connection = *borrowed;
      if (!connection->try_write(base::bytes_of(question))) {
        self.error_ = "no chunks";
        co_return;
      }
      std::string answer;
      while (answer.size() < question.size()) {
        net::Slice slice = co_await connection->receive();
        if (!slice) break;
        answer += base::text_of(slice.bytes());
      }
      if (answer != question) {
        self.error_ = "an answer is not its question";
        co_return;
      }
      ++self.echoed_;
    }
  }
  void on_ended() {
    if (--running_ == 0) pool_.close();
  }

  net::Dialer dialer_;
  net::ConnectionPool pool_;
  const int each_;
  int running_ = 0;
  int echoed_ = 0;
  std::string error_;
  std::vector<sched::Task<>> tasks_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: dial_echo TARGET EACH CONNECTIONS\n");
    return 2;
  }
  auto target = net::Target::parse(argv[1]);
  if (!target) {
    std::fprintf(stderr, "dial_echo: %s\n", target.error().text.c_str());
    return 2;
  }
  runtime::Options options;
  options.cores = 2;
  options.drain_timeout = std::chrono::seconds(60);
  std::vector<Caller*> callers;
  auto started = runtime::Runtime::start(options, runtime::backend_factory(runtime::BackendChoice::automatic),
                                         [&](runtime::Core& core) -> base::Result<std::unique_ptr<runtime::Service>> {
                                           auto caller = std::make_unique<Caller>(core, *target, std::atoi(argv[2]),
                                                                                  std::strtoul(argv[3], nullptr, 10));
                                           callers.push_back(caller.get());
                                           return caller;
                                         });
  if (!started) {
    std::fprintf(stderr, "dial_echo: %s\n", started.error().text.c_str());
    return 1;
  }
  (*started)->drain();
  (*started)->join();
  int echoed = 0;
  for (const Caller* caller : callers) {
    if (!caller->error().empty()) {
      std::fprintf(stderr, "dial_echo: %s\n", caller->error().c_str());
      return 1;
    }
    echoed += caller->echoed();
  }
  const auto connections = metrics::value_of((*started)->registry().snapshot(), "dialer_connected");
  std::printf("echoed %d over %llu connections\n", echoed, static_cast<unsigned long long>(connections));
  return 0;
}
