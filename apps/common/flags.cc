#include "common/flags.h"

#include <gflags/gflags.h>

#include <algorithm>
#include <utility>

#include "common/runtime_flags.h"
#include "corering/base/byte_size.h"
#include "corering/base/log.h"
#include "corering/sys/limits.h"

DEFINE_string(bind, "127.0.0.1", "numeric address to listen on; 0.0.0.0 or :: for all");
DEFINE_int32(port, 7007, "TCP port; 0 lets the kernel choose one");
DEFINE_string(unix_socket, "", "also listen on this Unix socket path");
DEFINE_int32(cores, 0, "event loops, one thread and ring each; 0: one per CPU");
DEFINE_bool(pin_cores, false, "keep each core's thread on a CPU of its own");
DEFINE_string(backend, "auto", "auto or io_uring");
DEFINE_int32(max_connections, 10'000, "connections at once, shared out evenly to the cores; more wait in the backlog");
DEFINE_double(idle_timeout_s, 0, "close a connection after this many seconds without a byte; 0: never");
DEFINE_double(drain_timeout_s, 10, "after SIGTERM: seconds until what is not yet answered is dropped");
DEFINE_string(chunk_memory, "64MiB", "receive and send chunks of each core together");
DEFINE_string(chunk_size, "16KiB", "one chunk: what one receive takes at most");
DEFINE_string(socket_send_buffer, "0", "kernel memory for replies not yet taken, per TCP connection; 0: the kernel adapts it");
DEFINE_string(zero_copy, "auto", "send without copying: auto (as long as the kernel reports that it pays), always or never");
DEFINE_string(zero_copy_min_bytes, "4KiB", "smaller sends are always copied");
DEFINE_bool(direct_descriptors, false, "keep accepted sockets in the ring's own table");
DEFINE_int32(metrics_port, 0, "admin endpoint over HTTP: live page, /metrics, /healthz, /readyz; 0: off, -1: the kernel chooses");
DEFINE_double(stall_ms, 100, "report a core whose turn lasts longer than so many milliseconds, with its call stack; 0: never");
DEFINE_bool(turn_timing, true, "time every turn of a core, for its histograms; costs a clock reading per turn");
DEFINE_string(log_level, "info", "debug, info, warning, error or silent");
DEFINE_bool(report_kernel, false, "print what this kernel's io_uring can do, and exit");

namespace apps {

namespace {

using namespace corering;

base::Error impossible(const std::string& flag, const std::string& found, const std::string& need) {
  return {base::ErrorCode::invalid_argument, 0, "found --" + flag + "=" + found + ", need " + need};
}

base::Error with_flag(const char* flag, base::Error error) {
  error.text = std::string("--") + flag + ": " + error.text;
  return error;
}

base::Result<int> checked(const char* flag, int value, int low, int high) {
  if (value >= low && value <= high) return value;
  return base::failure(impossible(flag, std::to_string(value), std::to_string(low) + " to " + std::to_string(high)));
}

base::Result<base::Duration> seconds(const char* flag, double value) {
  constexpr double kMax = 1e6;
  if (!(value >= 0 && value <= kMax)) {
    return base::failure(impossible(flag, std::to_string(value), "0 to 1000000 seconds"));
  }
  return base::Duration(static_cast<std::int64_t>(value * 1e9));
}

base::Result<> set_log_level(const std::string& name) {
  static constexpr std::pair<const char*, base::LogLevel> kLevels[] = {{"debug", base::LogLevel::debug},
                                                                       {"info", base::LogLevel::info},
                                                                       {"warning", base::LogLevel::warning},
                                                                       {"error", base::LogLevel::error},
                                                                       {"silent", base::LogLevel::silent}};
  for (const auto& [known, level] : kLevels) {
    if (name != known) continue;
    base::set_log_level(level);
    return {};
  }
  return base::failure(impossible("log_level", name, "debug, info, warning, error or silent"));
}

base::Result<> set_addresses(ServerOptions& options) {
  auto port = checked("port", FLAGS_port, 0, 65535);
  if (!port) return base::failure(std::move(port.error()));
  auto tcp = sys::SocketAddress::parse_ip(FLAGS_bind, static_cast<std::uint16_t>(*port));
  if (!tcp) return base::failure(with_flag("bind", std::move(tcp.error())));
  options.addresses.push_back(*tcp);
  if (FLAGS_unix_socket.empty()) return {};
  auto local = sys::SocketAddress::parse_unix(FLAGS_unix_socket);
  if (!local) return base::failure(with_flag("unix_socket", std::move(local.error())));
  options.addresses.push_back(*local);
  return {};
}

base::Result<> set_admin(ServerOptions& options) {
  auto port = checked("metrics_port", FLAGS_metrics_port, -1, 65535);
  if (!port) return base::failure(std::move(port.error()));
  if (*port == 0) return {};
  auto address = sys::SocketAddress::parse_ip(FLAGS_bind, static_cast<std::uint16_t>(std::max(*port, 0)));
  if (!address) return base::failure(with_flag("bind", std::move(address.error())));
  options.admin = *address;
  return {};
}

base::Result<> set_cores(ServerOptions& options) {
  constexpr int kCoresMax = 1024;
  auto cores = checked("cores", FLAGS_cores, 0, kCoresMax);
  if (!cores) return base::failure(std::move(cores.error()));
  options.runtime.cores = static_cast<std::uint32_t>(*cores);
  if (FLAGS_pin_cores) options.runtime.pinning = runtime::Pinning::one_cpu_each;
  if (auto resolved = runtime::resolve_cores(options.runtime); !resolved) return resolved;
  if (auto set = set_runtime(options.runtime); !set) return set;
  options.runtime.loop.turn_timing = FLAGS_turn_timing ? runtime::TurnTiming::on : runtime::TurnTiming::off;
  auto backend = runtime::parse_backend(FLAGS_backend);
  if (!backend) return base::failure(with_flag("backend", std::move(backend.error())));
  options.backend = *backend;
  return {};
}

base::Result<> set_chunks(ServerOptions& options) {
  auto chunk_bytes = base::parse_byte_size(FLAGS_chunk_size);
  if (!chunk_bytes) return base::failure(with_flag("chunk_size", std::move(chunk_bytes.error())));
  if (*chunk_bytes < 1024 || *chunk_bytes > (1 << 20) || *chunk_bytes % 64 != 0) {
    return base::failure(impossible("chunk_size", FLAGS_chunk_size, "1KiB to 1MiB, a multiple of 64"));
  }
  auto memory = base::parse_byte_size(FLAGS_chunk_memory);
  if (!memory) return base::failure(with_flag("chunk_memory", std::move(memory.error())));
  const std::uint64_t count = *memory / *chunk_bytes;
  if (count < 16 || count > mem::ChunkPool::kChunkCountMax) {
    return base::failure(impossible("chunk_memory", FLAGS_chunk_memory, "16 to 65536 chunks of --chunk_size=" + FLAGS_chunk_size));
  }
  options.runtime.chunks = {static_cast<std::size_t>(*chunk_bytes), static_cast<std::size_t>(count)};
  return {};
}

base::Result<> set_socket_buffers(ServerOptions& options) {
  auto send = base::parse_byte_size(FLAGS_socket_send_buffer);
  if (!send) return base::failure(with_flag("socket_send_buffer", std::move(send.error())));
  if (*send != 0 && (*send < 4096 || *send > (1 << 30))) {
    return base::failure(impossible("socket_send_buffer", FLAGS_socket_send_buffer, "0 or 4KiB to 1GiB"));
  }
  options.buffers.send_bytes = static_cast<int>(*send);
  return {};
}

base::Result<> set_send_policy(ServerOptions& options) {
  auto mode = net::parse_zero_copy(FLAGS_zero_copy);
  if (!mode) return base::failure(with_flag("zero_copy", std::move(mode.error())));
  auto min_bytes = base::parse_byte_size(FLAGS_zero_copy_min_bytes);
  if (!min_bytes) return base::failure(with_flag("zero_copy_min_bytes", std::move(min_bytes.error())));
  options.limits.send_policy = {*mode, static_cast<std::size_t>(*min_bytes)};
  return {};
}

base::Result<> set_timeouts(ServerOptions& options) {
  auto idle = seconds("idle_timeout_s", FLAGS_idle_timeout_s);
  if (!idle) return base::failure(std::move(idle.error()));
  options.limits.idle_timeout = *idle;
  auto drain = seconds("drain_timeout_s", FLAGS_drain_timeout_s);
  if (!drain) return base::failure(std::move(drain.error()));
  options.runtime.drain_timeout = *drain;
  if (!(FLAGS_stall_ms == 0 || (FLAGS_stall_ms >= 1 && FLAGS_stall_ms <= 1e6))) {
    return base::failure(impossible("stall_ms", std::to_string(FLAGS_stall_ms), "0 or 1 to 1000000"));
  }
  options.stall_limit = base::Duration(static_cast<std::int64_t>(FLAGS_stall_ms * 1e6));
  return {};
}

bool was_set(const char* flag) {
  GFLAGS_NAMESPACE::CommandLineFlagInfo info;
  return GFLAGS_NAMESPACE::GetCommandLineFlagInfo(flag, &info) && !info.is_default;
}

// A full table of direct descriptors makes the kernel drop clients it has accepted: room for those on their way out.
constexpr std::uint32_t kSpareSlots = 64;

// The default adapts to a low descriptor limit; a wish is fulfilled or refused.
base::Result<> set_connections(ServerOptions& options) {
  auto wanted = checked("max_connections", FLAGS_max_connections, 1, 10'000'000);
  if (!wanted) return base::failure(std::move(wanted.error()));
  const std::uint32_t cores = options.runtime.cores;
  constexpr std::uint64_t kOwnFiles = 32 + kSpareSlots;
  const std::uint64_t own_files = kOwnFiles + std::uint64_t{cores} * 8;
  auto connections = static_cast<std::uint64_t>(*wanted);
  auto raised = sys::require_open_files(connections + own_files);
  if (!raised && !was_set("max_connections")) {
    connections = sys::open_files_limit() > own_files * 2 ? sys::open_files_limit() - own_files : own_files;
    base::log(base::LogLevel::warning, raised.error().text + "; serving at most " + std::to_string(connections));
    raised = sys::require_open_files(connections + own_files);
  }
  if (!raised) return raised;
  options.limits.connections_max = static_cast<std::size_t>((connections + cores - 1) / cores);
  if (FLAGS_direct_descriptors) {
    options.runtime.direct_descriptors = static_cast<std::uint32_t>(options.limits.connections_max) + kSpareSlots;
  }
  return {};
}

}  // namespace

base::Result<ServerOptions> server_options() {
  ServerOptions options;
  options.report_kernel = FLAGS_report_kernel;
  for (auto* set : {&set_addresses, &set_admin, &set_cores, &set_chunks, &set_socket_buffers, &set_send_policy, &set_timeouts,
                    &set_connections}) {
    if (auto done = (*set)(options); !done) return base::failure(std::move(done.error()));
  }
  if (auto done = set_log_level(FLAGS_log_level); !done) return base::failure(std::move(done.error()));
  return options;
}

}  // namespace apps
