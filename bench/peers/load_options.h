// The command line of echo_load.
#ifndef CORERING_BENCH_PEERS_LOAD_OPTIONS_H_
#define CORERING_BENCH_PEERS_LOAD_OPTIONS_H_

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>

namespace corering::bench {

struct LoadOptions {
  double port = 0;
  double connections = 50;
  double bytes = 64;
  double seconds = 3;
  double warmup_seconds = 0.5;
  double server_pid = 0;  // 0: do not measure the server
  double seed = std::random_device()();

  // A flag that is unknown or out of range ends the process with status 2 and says which were possible.
  static LoadOptions parse(int argc, char** argv) {
    LoadOptions options;
    const struct {
      const char* name;
      double* value;
      double value_min, value_max;
    } flags[] = {
        {"--port", &options.port, 1, 65535},
        {"--connections", &options.connections, 1, 10'000},
        {"--bytes", &options.bytes, 1, 64 << 20},
        {"--seconds", &options.seconds, 0.1, 3600},
        {"--warmup_seconds", &options.warmup_seconds, 0, 3600},
        {"--server_pid", &options.server_pid, 1, 1 << 22},
        {"--seed", &options.seed, 0, 4294967295},
    };
    for (int i = 1; i < argc; ++i) {
      bool taken = false;
      for (const auto& flag : flags) {
        const size_t name_bytes = std::strlen(flag.name);
        if (std::strncmp(argv[i], flag.name, name_bytes) != 0 || argv[i][name_bytes] != '=') continue;
        char* end = nullptr;
        *flag.value = std::strtod(argv[i] + name_bytes + 1, &end);
        taken = end != argv[i] + name_bytes + 1 && *end == '\0' && *flag.value >= flag.value_min && *flag.value <= flag.value_max;
      }
      if (taken) continue;
      std::fprintf(stderr, "%s: found '%s', need one of:", argv[0], argv[i]);
      for (const auto& flag : flags) std::fprintf(stderr, " %s=%.10g..%.10g", flag.name, flag.value_min, flag.value_max);
      std::fprintf(stderr, "\n");
      std::exit(2);
    }
    if (options.port == 0) {
      std::fprintf(stderr, "%s: found no --port, need the port that a server on 127.0.0.1 listens on\n", argv[0]);
      std::exit(2);
    }
    return options;
  }
};

}  // namespace corering::bench

#endif  // CORERING_BENCH_PEERS_LOAD_OPTIONS_H_
