// What a run is to do: the flags of corering-load as values.
#pragma once

#include <cstdint>
#include <string>

#include "corering/base/clock.h"
#include "corering/base/result.h"
#include "corering/runtime/options.h"
#include "corering/sys/socket_address.h"
#include "load/targets.h"

namespace load {

enum class Protocol : std::uint8_t { echo, resp, memcached };
enum class KeyDistribution : std::uint8_t { uniform, zipf, hot_set };
enum class Pacing : std::uint8_t { closed, open };  // the next request after a reply, or at its time
enum class Waiting : std::uint8_t { sleep, spin };  // between the times of an open loop

struct KeyOptions {
  std::uint64_t count = 100'000;
  KeyDistribution distribution = KeyDistribution::uniform;
  double zipf_exponent = 0.99;
  double hot_keys_share = 0.1;  // of all keys
  double hot_use_share = 0.9;   // of all requests, that go to the hot keys
};

struct Options {
  corering::sys::SocketAddress address;
  corering::runtime::Options runtime;
  Protocol protocol = Protocol::echo;
  std::uint32_t connections = 50;
  std::uint32_t pipeline = 1;  // requests outstanding per connection
  KeyOptions keys;
  std::uint64_t value_bytes_min = 64;
  std::uint64_t value_bytes_max = 64;
  double set_share = 0.1;
  Pacing pacing = Pacing::closed;
  double rate = 0;  // requests per second of an open loop, all cores together
  Waiting waiting = Waiting::sleep;
  corering::base::Duration warmup = std::chrono::seconds(1);
  corering::base::Duration duration = std::chrono::seconds(10);
  corering::base::Duration timeout = std::chrono::seconds(5);
  std::uint64_t requests = 0;                 // at most; 0: as many as the duration allows
  std::uint64_t requests_per_connection = 0;  // then it is closed and opened again; 0: never
  bool fill = false;                          // set every key once before
  std::uint64_t seed = 1;
  int server_pid = 0;  // whose CPU time and memory are reported as well; 0: nobody's
  std::string json_path;
  std::string svg_path;
  Targets targets;

  bool has_keys() const noexcept { return protocol != Protocol::echo; }
};

std::string_view name_of(Protocol protocol);
std::string_view name_of(KeyDistribution distribution);

// The flags as options. Errors: invalid_argument.
corering::base::Result<Options> options_from_flags();

}  // namespace load
