// mixed_load: a light open-loop load on an echo server: one message after the other at fixed times, whatever the echoes do, and how
// long each took from the time at which it was to be sent.
//
//   mixed_load --port=N [--connections=16] [--rate=2000] [--seconds=2] [--warmup_seconds=0.3]
//
// It shares its CPUs with the server, so it runs as SCHED_FIFO where it may: when its timer or an echo wakes it, it runs at once,
// takes some microseconds, and sleeps again; what it measures is the server. Prints one line of JSON.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "../peers/latency_histogram.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMessageBytes = 64;

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "mixed_load: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

struct Options {
  double port = 0;
  double connections = 16;
  double rate = 2000;
  double seconds = 2;
  double warmup_seconds = 0.3;
};

Options parse(int argc, char** argv) {
  Options options;
  const struct {
    const char* name;
    double* value;
  } flags[] = {{"--port=", &options.port},
               {"--connections=", &options.connections},
               {"--rate=", &options.rate},
               {"--seconds=", &options.seconds},
               {"--warmup_seconds=", &options.warmup_seconds}};
  for (int index = 1; index < argc; ++index) {
    bool taken = false;
    for (const auto& flag : flags) {
      const std::size_t name_bytes = std::strlen(flag.name);
      if (std::strncmp(argv[index], flag.name, name_bytes) != 0) continue;
      *flag.value = std::strtod(argv[index] + name_bytes, nullptr);
      taken = *flag.value > 0;
    }
    if (taken) continue;
    std::fprintf(stderr, "mixed_load: found '%s', need --port, --connections, --rate, --seconds or --warmup_seconds\n",
                 argv[index]);
    std::exit(2);
  }
  return options;
}

// The message that is due, on each connection in turn; the echoes of one connection come in its order.
class Load {
 public:
  explicit Load(const Options& options) : options_(options), epoll_(epoll_create1(0)) {
    if (epoll_ < 0) give_up("epoll_create1");
    connections_.resize(static_cast<std::size_t>(options.connections));
    for (std::size_t index = 0; index < connections_.size(); ++index) connect_to_server(index);
  }

  void run() {
    const auto gap = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / options_.rate));
    const auto start = Clock::now();
    measured_from_ = start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.warmup_seconds));
    const auto end = start + std::chrono::duration_cast<Clock::duration>(
                                 std::chrono::duration<double>(options_.warmup_seconds + options_.seconds));
    std::size_t next = 0;
    for (auto due = start; due < end; due += gap) {
      receive_until(due);
      send_message(connections_[next], due);
      next = (next + 1) % connections_.size();
    }
    const auto patience = Clock::now() + std::chrono::seconds(10);
    while (outstanding_ != 0 && Clock::now() < patience) receive_until(Clock::now() + std::chrono::milliseconds(10));
  }

  std::uint64_t outstanding() const { return outstanding_; }
  std::uint64_t received() const { return received_; }
  const corering::bench::LatencyHistogram& latencies() const { return latencies_; }

 private:
  struct Connection {
    int socket = -1;
    std::size_t bytes = 0;  // of the echo that is coming in
    std::deque<Clock::time_point> due;
  };

  void connect_to_server(std::size_t index) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) give_up("socket");
    const int on = 1;
    setsockopt(socket, SOL_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(options_.port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) give_up("connect");
    if (fcntl(socket, F_SETFL, O_NONBLOCK) != 0) give_up("fcntl");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = index;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) != 0) give_up("epoll_ctl");
    connections_[index].socket = socket;
  }

  void send_message(Connection& connection, Clock::time_point due) {
    const std::array<char, kMessageBytes> message{};
    if (send(connection.socket, message.data(), message.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(message.size()))
      give_up("send");
    connection.due.push_back(due);
    ++outstanding_;
  }

  void receive_until(Clock::time_point until) {
    for (;;) {
      const auto left = until - Clock::now();
      const std::int64_t left_ns = std::max<std::int64_t>(std::chrono::nanoseconds(left).count(), 0);
      const timespec timeout{left_ns / 1'000'000'000, left_ns % 1'000'000'000};
      std::array<epoll_event, 64> events{};
      const int count = epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
      if (count < 0 && errno != EINTR) give_up("epoll_pwait2");
      for (int index = 0; index < count; ++index) receive(connections_[events[static_cast<std::size_t>(index)].data.u64]);
      if (Clock::now() >= until) return;
    }
  }

  void receive(Connection& connection) {
    std::array<char, 4096> bytes;
    const ssize_t count = recv(connection.socket, bytes.data(), bytes.size(), 0);
    if (count == 0) give_up("the server closed a connection");
    if (count < 0) give_up("recv");
    const auto now = Clock::now();
    for (connection.bytes += static_cast<std::size_t>(count); connection.bytes >= kMessageBytes;
         connection.bytes -= kMessageBytes) {
      const auto due = connection.due.front();
      connection.due.pop_front();
      --outstanding_;
      if (due < measured_from_) continue;
      ++received_;
      latencies_.add(static_cast<std::uint64_t>(std::chrono::nanoseconds(now - due).count()));
    }
  }

  const Options options_;
  const int epoll_;
  std::vector<Connection> connections_;
  Clock::time_point measured_from_;
  std::uint64_t outstanding_ = 0;
  std::uint64_t received_ = 0;
  corering::bench::LatencyHistogram latencies_;
};

// Its timers exact, its turn at once.
const char* become_punctual() {
  prctl(PR_SET_TIMERSLACK, 1UL);
  sched_param param{};
  param.sched_priority = 1;
  return sched_setscheduler(0, SCHED_FIFO, &param) == 0 ? "SCHED_FIFO" : "SCHED_OTHER";
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  Load load(options);
  const char* policy = become_punctual();
  load.run();
  if (load.outstanding() != 0) {
    std::fprintf(stderr, "mixed_load: %llu echoes have not come\n", static_cast<unsigned long long>(load.outstanding()));
    return 1;
  }
  const auto us = [&](double quantile) { return static_cast<double>(load.latencies().quantile_ns(quantile)) / 1e3; };
  std::printf("{\"policy\": \"%s\", \"echoes\": %llu, \"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f}\n", policy,
              static_cast<unsigned long long>(load.received()), us(0.5), us(0.99), us(0.999));
  return 0;
}
