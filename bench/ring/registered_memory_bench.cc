// What registered memory costs and spares: registering a piece, zero-copy sends and writes with and without a fixed buffer.
//
// Sends go over loopback, where the kernel copies what it is asked not to: what they show is the difference between pinning pages for
// each send and having them pinned. Writes go to a file in memory.

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "corering/mem/mapping.h"
#include "corering/ring/io_uring_backend.h"
#include "corering/ring/operations.h"
#include "corering/ring/registered_buffers.h"
#include "corering/ring/ring.h"

namespace {

using namespace corering;

constexpr std::size_t kPiece = ring::RegisteredBuffers::kPieceBytes;
enum class Fixed : bool { no, yes };
enum class Small : bool { no, yes };

template <typename T>
T require(base::Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "%s\n", result.error().text.c_str());
  std::exit(1);
}

// A ring, and memory that has been touched.
class Bench {
 public:
  explicit Bench(std::size_t pieces, Small pages = Small::no)
      : ring(require(ring::Ring::open(backend, {}))), memory(require(mem::Mapping::open(pieces * kPiece))) {
    if (!ring.enable()) std::exit(1);
    if (pages == Small::yes) ::madvise(memory.bytes().data(), memory.bytes().size(), MADV_NOHUGEPAGE);
    std::ranges::fill(memory.bytes(), std::byte{'x'});
    buffers.emplace(ring, memory.bytes());
  }

  void on_result(ring::IoResult result) {
    if (result.failed()) std::exit(1);
  }
  void run() {
    while (completion.in_flight()) {
      ring.enter({.wait_count = 1, .timeout = std::chrono::seconds(1)});
      for (auto batch = ring.reap(); !batch.empty(); batch = ring.reap()) {
        for (const ring::Cqe& cqe : batch) ring.dispatch(cqe);
      }
    }
  }

  ring::IoUringBackend backend;
  ring::Ring ring;
  mem::Mapping memory;
  std::optional<ring::RegisteredBuffers> buffers;
  ring::Completion completion = ring::Completion::to<&Bench::on_result>(this);
};

// Per piece of 2 MiB, the first time that something in it is sent.
template <Small kPages>
void register_piece(benchmark::State& state) {
  Bench bench(32, kPages);
  std::size_t piece = 0;
  for (auto _ : state) {
    if (!bench.buffers->index_of(bench.memory.bytes().subspan(piece * kPiece, 1))) return state.SkipWithError("the memlock limit");
    if (++piece < 32) continue;
    state.PauseTiming();
    piece = 0;
    bench.buffers.reset();
    bench.buffers.emplace(bench.ring, bench.memory.bytes());
    state.ResumeTiming();
  }
}
BENCHMARK(register_piece<Small::no>);
BENCHMARK(register_piece<Small::yes>);

std::pair<int, int> connected() {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(listener, 1) != 0) std::exit(1);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  const int one = ::socket(AF_INET, SOCK_STREAM, 0);
  if (::connect(one, reinterpret_cast<sockaddr*>(&address), length) != 0) std::exit(1);
  const int other = ::accept(listener, nullptr, nullptr);
  ::close(listener);
  return {one, other};
}

template <Fixed kFixed, Small kPages>
void send_zero_copy(benchmark::State& state) {
  Bench bench(1, kPages);
  const auto [from, to] = connected();
  const auto bytes = bench.memory.bytes().first(static_cast<std::size_t>(state.range(0)));
  std::vector<std::byte> drain(bytes.size());
  for (auto _ : state) {
    ring::Sqe& sqe = bench.ring.require_sqe(bench.completion);
    const ring::FileRef socket{from, ring::FileRef::Kind::descriptor};
    if (kFixed == Fixed::yes) {
      const auto buffer = bench.buffers->index_of(bytes);
      if (!buffer) return state.SkipWithError("the memlock limit");
      ring::prepare_send_zero_copy_fixed(sqe, socket, bytes, *buffer, ring::UsageReport::without);
    } else {
      ring::prepare_send_zero_copy(sqe, socket, bytes, ring::UsageReport::without);
    }
    bench.ring.enter({});
    for (std::size_t left = bytes.size(); left > 0;) left -= static_cast<std::size_t>(::read(to, drain.data(), left));
    bench.run();
  }
  ::close(from);
  ::close(to);
}
BENCHMARK(send_zero_copy<Fixed::no, Small::no>)->Arg(16 << 10)->Arg(128 << 10);
BENCHMARK(send_zero_copy<Fixed::yes, Small::no>)->Arg(16 << 10)->Arg(128 << 10);
BENCHMARK(send_zero_copy<Fixed::no, Small::yes>)->Arg(16 << 10)->Arg(128 << 10);
BENCHMARK(send_zero_copy<Fixed::yes, Small::yes>)->Arg(16 << 10)->Arg(128 << 10);

template <Fixed kFixed>
void write_segment(benchmark::State& state) {
  Bench bench(1);
  const int fd = ::memfd_create("segment", 0);
  for (auto _ : state) {
    ring::Sqe& sqe = bench.ring.require_sqe(bench.completion);
    const auto buffer = kFixed == Fixed::yes ? bench.buffers->index_of(bench.memory.bytes()) : std::nullopt;
    ring::prepare_write_at(sqe, {fd, ring::FileRef::Kind::descriptor}, bench.memory.bytes(), 0, buffer);
    bench.run();
  }
  ::close(fd);
}
BENCHMARK(write_segment<Fixed::no>);
BENCHMARK(write_segment<Fixed::yes>);

}  // namespace

BENCHMARK_MAIN();
