// Load for echo servers: N connections, one message outstanding on each, every byte of every echo compared.
//
// A closed loop in one thread on level-triggered epoll. A message costs it one receive and one send, as it costs the plainest
// server, and nothing else that counts: no message allocates; payloads are windows, at random offsets, of one block of random bytes
// that is sent from in place and compared against in place. Random windows make an echo of the wrong message, or of another
// connection's, as visible as a damaged byte.
//
// Prints one line of JSON. Exits with 1 if an echo was wrong or a connection was lost, 2 for a command line that makes no sense.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "latency_histogram.h"
#include "load_options.h"
#include "process_cpu.h"

namespace corering::bench {
namespace {

constexpr size_t kWindowOffsets = size_t{1} << 16;
constexpr size_t kReceiveBytes = 256 * 1024;
constexpr int kEventsMax = 1024;
constexpr int kPollMs = 100;  // how late the end of a phase is noticed if nothing arrives any more
constexpr uint64_t kDrainNs = 10'000'000'000;
constexpr int kConnectSeconds = 10;

uint64_t now_ns() {
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
}

[[noreturn]] void exit_because(const char* what) {
  std::fprintf(stderr, "echo_load: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

int connect_to_server(uint16_t port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) exit_because("socket");
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval patience{.tv_sec = kConnectSeconds, .tv_usec = 0};  // SO_SNDTIMEO bounds connect() too
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) exit_because("connect to 127.0.0.1");
  if (fcntl(descriptor, F_SETFL, O_NONBLOCK) < 0) exit_because("O_NONBLOCK");
  return descriptor;
}

std::vector<unsigned char> random_bytes(size_t count, uint64_t seed) {
  std::vector<unsigned char> bytes(count + sizeof(uint64_t));
  std::mt19937_64 generator(seed);
  for (size_t i = 0; i < count; i += sizeof(uint64_t)) {
    const uint64_t word = generator();
    std::memcpy(&bytes[i], &word, sizeof word);
  }
  bytes.resize(count);
  return bytes;
}

struct Connection {
  int descriptor;
  bool outstanding = false;
  bool watching_room = false;  // EPOLLOUT is asked for
  size_t window_offset = 0;    // of the message, in the block of random bytes
  size_t sent_bytes = 0;
  size_t received_bytes = 0;
  uint64_t started_ns = 0;
};

// What happened between the warm-up and the drain.
struct Window {
  uint64_t start_ns = 0, end_ns = 0;
  uint64_t message_count = 0;
  LatencyHistogram latencies;
  ProcessCpu server_cpu, own_cpu;
  uint64_t softirq_threads_ns = 0;
};

class EchoLoad {
 public:
  explicit EchoLoad(const LoadOptions& options)
      : options_(options),
        message_bytes_(static_cast<size_t>(options.bytes)),
        random_bytes_(random_bytes(message_bytes_ + kWindowOffsets, static_cast<uint64_t>(options.seed))),
        window_state_(static_cast<uint64_t>(options.seed)),
        receive_buffer_(kReceiveBytes),
        epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) exit_because("epoll_create1");
    const auto connection_count = static_cast<size_t>(options.connections);
    connections_.reserve(connection_count);  // epoll holds pointers into it
    for (size_t i = 0; i < connection_count; ++i) {
      connections_.push_back({.descriptor = connect_to_server(static_cast<uint16_t>(options.port))});
      watch(EPOLL_CTL_ADD, connections_.back(), EPOLLIN);
    }
  }

  // Warm-up, measured window, drain.
  void run() {
    const uint64_t begin_ns = now_ns();
    for (Connection& connection : connections_) start_message(connection, begin_ns);
    const uint64_t warm_ns = begin_ns + to_ns(options_.warmup_seconds);
    while (now_ns() < warm_ns && outstanding_count_ > 0) turn();
    open_window();
    const uint64_t close_ns = window_.start_ns + to_ns(options_.seconds);
    while (now_ns() < close_ns && outstanding_count_ > 0) turn();
    close_window();
    drain();
  }

  void print() const {
    const double seconds = static_cast<double>(window_.end_ns - window_.start_ns) / 1e9;
    const auto messages = static_cast<double>(window_.message_count);
    const auto us_per_message = [messages](uint64_t ns) { return messages > 0 ? static_cast<double>(ns) / 1e3 / messages : 0; };
    const auto share = [seconds](uint64_t ns) { return static_cast<double>(ns) / 1e9 / seconds; };
    const ProcessCpu& server = window_.server_cpu;
    std::printf("{\"connections\": %zu, \"bytes\": %zu, \"seed\": %.0f, \"seconds\": %.3f, \"messages\": %" PRIu64
                ", \"messages_per_s\": %.0f, \"p50_us\": %.1f, \"p99_us\": %.1f, \"p99_9_us\": %.1f, \"errors\": %" PRIu64,
                connections_.size(), message_bytes_, options_.seed, seconds, window_.message_count, messages / seconds,
                static_cast<double>(window_.latencies.quantile_ns(0.5)) / 1e3,
                static_cast<double>(window_.latencies.quantile_ns(0.99)) / 1e3,
                static_cast<double>(window_.latencies.quantile_ns(0.999)) / 1e3, error_count_);
    std::printf(", \"load_busy\": %.3f, \"load_waited\": %.3f, \"softirq_threads_us_per_message\": %.3f",
                share(window_.own_cpu.run_ns), share(window_.own_cpu.wait_ns), us_per_message(window_.softirq_threads_ns));
    if (options_.server_pid != 0) {
      std::printf(", \"server_busy\": %.3f, \"server_waited\": %.3f", share(server.run_ns), share(server.wait_ns));
      std::printf(
          ", \"server_cpu_us_per_message\": %.3f, \"server_cpu_us_per_message_schedstat\": %.3f"
          ", \"server_cpu_us_per_message_ticks\": %.3f",
          us_per_message(server.run_ns > 0 ? server.run_ns : server.ticks_ns), us_per_message(server.run_ns),
          us_per_message(server.ticks_ns));
    }
    std::printf("}\n");
  }

  uint64_t error_count() const { return error_count_; }

 private:
  static uint64_t to_ns(double seconds) { return static_cast<uint64_t>(seconds * 1e9); }

  void watch(int operation, Connection& connection, uint32_t events) {
    epoll_event event{.events = events, .data = {.ptr = &connection}};
    if (epoll_ctl(epoll_, operation, connection.descriptor, &event) < 0) exit_because("epoll_ctl");
  }

  ProcessCpu server_cpu() const {
    return options_.server_pid != 0 ? read_process_cpu(static_cast<int>(options_.server_pid)) : ProcessCpu{};
  }

  void open_window() {
    window_ = {};
    window_.softirq_threads_ns = read_softirq_threads_ns();
    window_.server_cpu = server_cpu();
    window_.own_cpu = read_process_cpu(getpid());
    window_.start_ns = now_ns();
  }

  void close_window() {
    window_.end_ns = now_ns();
    window_.server_cpu = server_cpu().since(window_.server_cpu);
    window_.own_cpu = read_process_cpu(getpid()).since(window_.own_cpu);
    window_.softirq_threads_ns = read_softirq_threads_ns() - window_.softirq_threads_ns;
    draining_ = true;
  }

  // Waits for the echoes still due, so that a connection which had stopped answering cannot hide behind the others.
  void drain() {
    const uint64_t end_ns = now_ns() + kDrainNs;
    while (now_ns() < end_ns && outstanding_count_ > 0) turn();
    for (Connection& connection : connections_) {
      if (connection.outstanding) {
        lose(connection, "no echo came");
      } else if (connection.descriptor >= 0 && recv(connection.descriptor, receive_buffer_.data(), 1, 0) >= 0) {
        lose(connection, "more came back than was sent, or the server closed");
      }
    }
  }

  void turn() {
    epoll_event events[kEventsMax];
    const int event_count = epoll_wait(epoll_, events, kEventsMax, kPollMs);
    if (event_count < 0 && errno != EINTR) exit_because("epoll_wait");
    for (int i = 0; i < event_count; ++i) {
      Connection& connection = *static_cast<Connection*>(events[i].data.ptr);
      if (events[i].events & ~static_cast<uint32_t>(EPOLLOUT)) on_readable(connection);
      if ((events[i].events & EPOLLOUT) && connection.watching_room) send_rest(connection);
    }
  }

  void start_message(Connection& connection, uint64_t start_ns) {
    // A linear congruence is random enough to choose windows and costs one multiplication (Knuth's MMIX constants).
    window_state_ = window_state_ * 6364136223846793005 + 1442695040888963407;
    connection.window_offset = window_state_ >> 48;
    static_assert(kWindowOffsets == size_t{1} << (64 - 48));
    connection.sent_bytes = connection.received_bytes = 0;
    connection.started_ns = start_ns;
    connection.outstanding = true;
    ++outstanding_count_;
    send_rest(connection);
  }

  void send_rest(Connection& connection) {
    const unsigned char* message = random_bytes_.data() + connection.window_offset;
    const ssize_t sent =
        send(connection.descriptor, message + connection.sent_bytes, message_bytes_ - connection.sent_bytes, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return lose(connection, std::strerror(errno));
    if (sent > 0) connection.sent_bytes += static_cast<size_t>(sent);
    const bool need_room = connection.sent_bytes < message_bytes_;
    if (need_room == connection.watching_room) return;
    watch(EPOLL_CTL_MOD, connection, need_room ? EPOLLIN | EPOLLOUT : EPOLLIN);
    connection.watching_room = need_room;
  }

  void on_readable(Connection& connection) {
    const ssize_t received = recv(connection.descriptor, receive_buffer_.data(), receive_buffer_.size(), 0);
    if (received < 0 && errno == EAGAIN) return;
    if (received < 0) return lose(connection, std::strerror(errno));
    if (received == 0) return lose(connection, "the server closed");
    const auto count = static_cast<size_t>(received);
    if (!connection.outstanding || count > connection.sent_bytes - connection.received_bytes) {
      return lose(connection, "more came back than was sent");
    }
    const unsigned char* expected = random_bytes_.data() + connection.window_offset + connection.received_bytes;
    if (std::memcmp(receive_buffer_.data(), expected, count) != 0) return lose(connection, "the echo differs from what was sent");
    connection.received_bytes += count;
    if (connection.received_bytes == message_bytes_) finish_message(connection);
  }

  void finish_message(Connection& connection) {
    connection.outstanding = false;
    --outstanding_count_;
    if (draining_) return;
    const uint64_t end_ns = now_ns();
    ++window_.message_count;
    window_.latencies.add(end_ns - connection.started_ns);
    start_message(connection, end_ns);
  }

  void lose(Connection& connection, const char* why) {
    if (error_count_++ == 0) std::fprintf(stderr, "echo_load: first error: %s (seed %.0f)\n", why, options_.seed);
    close(connection.descriptor);
    connection.descriptor = -1;
    connection.watching_room = false;
    if (connection.outstanding) --outstanding_count_;
    connection.outstanding = false;
  }

  const LoadOptions options_;
  const size_t message_bytes_;
  const std::vector<unsigned char> random_bytes_;
  uint64_t window_state_;
  std::vector<unsigned char> receive_buffer_;
  const int epoll_;
  std::vector<Connection> connections_;
  size_t outstanding_count_ = 0;
  bool draining_ = false;
  uint64_t error_count_ = 0;
  Window window_;
};

}  // namespace
}  // namespace corering::bench

int main(int argc, char** argv) {
  corering::bench::EchoLoad load(corering::bench::LoadOptions::parse(argc, argv));
  load.run();
  load.print();
  return load.error_count() == 0 ? 0 : 1;
}
