// Runs a fuzz target on inputs from its grammar and on mutations of them, for a while.
//
//   resp_fuzz [SECONDS]      default 1; CORERING_SEED=N begins with input N, and with 0 seconds runs that one alone
//
// A failure names the seed that repeats it. Coverage-guided, with clang: see tests/README.md.
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "fuzz_target.h"

namespace {

using corering::testing::Random;

volatile std::uint64_t current_seed = 0;

void on_abort(int) {
  std::array<char, 80> text;
  const int size = std::snprintf(text.data(), text.size(), "reproduce with CORERING_SEED=%llu and 0 seconds\n",
                                 static_cast<unsigned long long>(current_seed));
  [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), static_cast<std::size_t>(size));
  std::signal(SIGABRT, SIG_DFL);
  std::raise(SIGABRT);
}

// What clients, lines and wires do to a stream.
void mutate(std::string& input, Random& random) {
  if (input.empty()) return;
  const std::size_t at = random.below(input.size());
  const std::size_t count = random.between(1, std::min<std::size_t>(input.size() - at, 8));
  switch (random.below(6)) {
    case 0: input[at] = static_cast<char>(random.next()); break;
    case 1: input[at] = "\r\n *$-0919 \"'\\"[random.below(14)]; break;
    case 2: input.erase(at, count); break;
    case 3: input.insert(at, input.substr(at, count)); break;
    case 4: input.resize(at); break;
    default: input[at] = static_cast<char>(input[at] ^ 1 << random.below(8)); break;
  }
}

void run(std::uint64_t seed) {
  current_seed = seed;
  Random random(seed);
  std::string input = make_fuzz_input(random);
  for (std::size_t mutations = random.chance(400) ? 0 : random.between(1, 4); mutations > 0; --mutations) mutate(input, random);
  // In memory of exactly its size, so that a look beyond its end is found by the address sanitizer.
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGABRT, on_abort);
  const long seconds = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 1;
  const char* const chosen = std::getenv("CORERING_SEED");
  const auto start = std::chrono::steady_clock::now();
  const std::uint64_t first = chosen != nullptr
                                  ? std::strtoull(chosen, nullptr, 10)
                                  : static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  std::uint64_t seed = first;
  do {
    run(seed++);
  } while (std::chrono::steady_clock::now() - start < std::chrono::seconds(seconds));
  std::printf("%llu inputs, from CORERING_SEED=%llu\n", static_cast<unsigned long long>(seed - first),
              static_cast<unsigned long long>(first));
  return 0;
}
