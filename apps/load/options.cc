#include "load/options.h"

#include <gflags/gflags.h>

#include <string>
#include <string_view>
#include <utility>

#include "corering/base/byte_size.h"

DEFINE_string(protocol, "echo", "what the server speaks: echo, resp (Redis) or memcached");
DEFINE_string(host, "127.0.0.1", "numeric address of the server");
DEFINE_int32(port, 0, "TCP port of the server");
DEFINE_string(unix_socket, "", "Unix socket path of the server, instead of host and port");
DEFINE_int32(cores, 1, "event loops that load, one thread each; 0: one per CPU");
DEFINE_int32(connections, 50, "connections, shared out to the cores");
DEFINE_int32(pipeline, 1, "requests outstanding per connection");
DEFINE_double(rate, 0, "open loop: requests per second, whatever the server does; 0: closed loop");
DEFINE_bool(spin, false, "open loop: never sleep between the requests, for exact times");
DEFINE_double(seconds, 10, "length of the measured window");
DEFINE_double(warmup_s, 1, "load before the window, which does not count");
DEFINE_int64(requests, 0, "end after so many measured requests; 0: only after --seconds");
DEFINE_double(timeout_s, 5, "a request without a reply for so long is given up, with its connection");
DEFINE_int64(requests_per_connection, 0, "close a connection after so many requests and open a new one; 0: never");
DEFINE_int64(keys, 100'000, "number of different keys, or messages");
DEFINE_string(distribution, "uniform", "of the keys: uniform, zipf or hot_set");
DEFINE_double(zipf_exponent, 0.99, "zipf: how much the popular keys are preferred");
DEFINE_double(hot_keys_share, 0.1, "hot_set: share of the keys that are hot");
DEFINE_double(hot_use_share, 0.9, "hot_set: share of the requests that go to hot keys");
DEFINE_string(value_bytes, "64", "size of values, or of messages; LOW..HIGH for different ones, evenly spread");
DEFINE_double(set_share, 0.1, "share of the requests that set");
DEFINE_bool(fill, false, "set every key once before the run");
DEFINE_int64(seed, 1, "of all random choices");
DEFINE_int32(server_pid, 0, "process of the server, whose CPU time and memory are reported as well");
DEFINE_string(json, "", "write the report as JSON to this file");
DEFINE_string(svg, "", "write a plot of the latencies to this file");
DEFINE_double(target_p50_us, 0, "exit code 3 if the median latency is above; 0: no target");
DEFINE_double(target_p95_us, 0, "the same for p95");
DEFINE_double(target_p99_us, 0, "the same for p99");
DEFINE_double(target_p999_us, 0, "the same for p99.9");
DEFINE_double(target_rps, 0, "exit code 3 if there are fewer requests per second; 0: no target");
DEFINE_double(target_error_rate, -1, "exit code 3 if a larger share of the requests fails, 0 to 1; -1: no target");

namespace load {

using namespace corering;

namespace {

base::Error impossible(const char* flag, const std::string& found, const std::string& need) {
  return {base::ErrorCode::invalid_argument, 0, std::string("found --") + flag + "=" + found + ", need " + need};
}

// A flag with its bounds, both included.
template <typename Value>
struct Bounded {
  const char* flag;
  Value value;
  Value low;
  Value high;
};

template <typename Value>
base::Result<> check(const Bounded<Value>& flag) {
  if (flag.value >= flag.low && flag.value <= flag.high) return {};
  return base::failure(
      impossible(flag.flag, std::to_string(flag.value), std::to_string(flag.low) + " to " + std::to_string(flag.high)));
}

base::Result<> check_ranges() {
  constexpr double kDay = 86'400;
  for (const Bounded<std::int64_t>& flag : {Bounded<std::int64_t>{"port", FLAGS_port, FLAGS_unix_socket.empty() ? 1 : 0, 65'535},
                                            {"cores", FLAGS_cores, 0, 1024},
                                            {"connections", FLAGS_connections, 1, 1'000'000},
                                            {"pipeline", FLAGS_pipeline, 1, 10'000},
                                            {"requests", FLAGS_requests, 0, INT64_MAX},
                                            {"requests_per_connection", FLAGS_requests_per_connection, 0, INT64_MAX},
                                            {"keys", FLAGS_keys, 1, 999'999'999'999},
                                            {"seed", FLAGS_seed, 0, INT64_MAX},
                                            {"server_pid", FLAGS_server_pid, 0, INT32_MAX}}) {
    if (auto checked = check(flag); !checked) return checked;
  }
  for (const Bounded<double>& flag : {Bounded<double>{"rate", FLAGS_rate, 0, 1e8},
                                      {"seconds", FLAGS_seconds, 0.01, kDay},
                                      {"warmup_s", FLAGS_warmup_s, 0, kDay},
                                      {"timeout_s", FLAGS_timeout_s, 0.01, kDay},
                                      {"zipf_exponent", FLAGS_zipf_exponent, 0.01, 10},
                                      {"hot_keys_share", FLAGS_hot_keys_share, 0, 1},
                                      {"hot_use_share", FLAGS_hot_use_share, 0, 1},
                                      {"set_share", FLAGS_set_share, 0, 1},
                                      {"target_p50_us", FLAGS_target_p50_us, 0, 1e12},
                                      {"target_p95_us", FLAGS_target_p95_us, 0, 1e12},
                                      {"target_p99_us", FLAGS_target_p99_us, 0, 1e12},
                                      {"target_p999_us", FLAGS_target_p999_us, 0, 1e12},
                                      {"target_rps", FLAGS_target_rps, 0, 1e12}}) {
    if (auto checked = check(flag); !checked) return checked;
  }
  if (FLAGS_target_error_rate != -1) return check(Bounded<double>{"target_error_rate", FLAGS_target_error_rate, 0, 1});
  return {};
}

base::Result<> set_address(Options& options) {
  auto address = FLAGS_unix_socket.empty() ? sys::SocketAddress::parse_ip(FLAGS_host, static_cast<std::uint16_t>(FLAGS_port))
                                           : sys::SocketAddress::parse_unix(FLAGS_unix_socket);
  if (!address) return base::failure(std::move(address.error()));
  options.address = *address;
  return {};
}

template <typename Value, std::size_t kCount>
base::Result<Value> chosen(const char* flag, const std::string& found, const std::pair<const char*, Value> (&known)[kCount]) {
  std::string need;
  for (const auto& [name, value] : known) {
    if (found == name) return value;
    need += (need.empty() ? "" : ", ") + std::string(name);
  }
  return base::failure(impossible(flag, found, "one of " + need));
}

base::Result<> set_protocol(Options& options) {
  auto protocol = chosen<Protocol>("protocol", FLAGS_protocol,
                                   {{"echo", Protocol::echo}, {"resp", Protocol::resp}, {"memcached", Protocol::memcached}});
  if (!protocol) return base::failure(std::move(protocol.error()));
  options.protocol = *protocol;
  return {};
}

base::Result<> set_keys(Options& options) {
  auto distribution = chosen<KeyDistribution>(
      "distribution", FLAGS_distribution,
      {{"uniform", KeyDistribution::uniform}, {"zipf", KeyDistribution::zipf}, {"hot_set", KeyDistribution::hot_set}});
  if (!distribution) return base::failure(std::move(distribution.error()));
  options.keys = {static_cast<std::uint64_t>(FLAGS_keys), *distribution, FLAGS_zipf_exponent, FLAGS_hot_keys_share,
                  FLAGS_hot_use_share};
  return {};
}

base::Result<> set_value_bytes(Options& options) {
  const std::size_t dots = FLAGS_value_bytes.find("..");
  const std::string low_text = FLAGS_value_bytes.substr(0, dots);
  auto low = base::parse_byte_size(low_text);
  auto high = base::parse_byte_size(dots == std::string::npos ? low_text : FLAGS_value_bytes.substr(dots + 2));
  const std::uint64_t least = options.has_keys() ? 0 : 1;
  if (!low || !high || *low > *high || *low < least || *high > (std::uint64_t{1} << 30)) {
    return base::failure(impossible("value_bytes", FLAGS_value_bytes, "a size like 64 or 16..4KiB, at most 1GiB"));
  }
  options.value_bytes_min = *low;
  options.value_bytes_max = *high;
  return {};
}

base::Duration seconds(double value) { return base::Duration(static_cast<std::int64_t>(value * 1e9)); }

base::Result<> set_runtime(Options& options) {
  options.runtime.cores = static_cast<std::uint32_t>(FLAGS_cores);
  if (auto resolved = runtime::resolve_cores(options.runtime); !resolved) return resolved;
  if (options.connections < options.runtime.cores) options.runtime.cores = options.connections;
  // Replies are looked at and let go at once: what one turn brings is all that is ever held.
  options.runtime.chunks = {options.value_bytes_max > (16U << 10) ? std::size_t{64} << 10 : std::size_t{16} << 10, 512};
  options.runtime.small_chunks = {64, 1};
  options.runtime.receive_window_chunks = 128;
  options.runtime.loop.turn_timing = runtime::TurnTiming::off;
  return {};
}

}  // namespace

std::string_view name_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::echo: return "echo";
    case Protocol::resp: return "resp";
    default: return "memcached";
  }
}

std::string_view name_of(KeyDistribution distribution) {
  switch (distribution) {
    case KeyDistribution::uniform: return "uniform";
    case KeyDistribution::zipf: return "zipf";
    default: return "hot_set";
  }
}

base::Result<Options> options_from_flags() {
  if (auto checked = check_ranges(); !checked) return base::failure(std::move(checked.error()));
  Options options;
  options.connections = static_cast<std::uint32_t>(FLAGS_connections);
  options.pipeline = static_cast<std::uint32_t>(FLAGS_pipeline);
  options.set_share = FLAGS_set_share;
  options.pacing = FLAGS_rate > 0 ? Pacing::open : Pacing::closed;
  options.rate = FLAGS_rate;
  options.waiting = FLAGS_spin ? Waiting::spin : Waiting::sleep;
  options.warmup = seconds(FLAGS_warmup_s);
  options.duration = seconds(FLAGS_seconds);
  options.timeout = seconds(FLAGS_timeout_s);
  options.requests = static_cast<std::uint64_t>(FLAGS_requests);
  options.requests_per_connection = static_cast<std::uint64_t>(FLAGS_requests_per_connection);
  options.seed = static_cast<std::uint64_t>(FLAGS_seed);
  options.server_pid = FLAGS_server_pid;
  options.json_path = FLAGS_json;
  options.svg_path = FLAGS_svg;
  options.targets = {FLAGS_target_p50_us,  FLAGS_target_p95_us, FLAGS_target_p99_us,
                     FLAGS_target_p999_us, FLAGS_target_rps,    FLAGS_target_error_rate};
  for (auto* set : {&set_protocol, &set_address, &set_keys, &set_value_bytes, &set_runtime}) {
    if (auto done = (*set)(options); !done) return base::failure(std::move(done.error()));
  }
  options.fill = FLAGS_fill && options.has_keys();
  return options;
}

}  // namespace load
