#include "kv/server/node.h"

#include <sys/random.h>

#include <array>
#include <chrono>

namespace kv {

namespace {

std::string draw_run_id() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<unsigned char, 20> bytes{};
  // Short only if a signal comes: then the rest is zero, and it is still an id.
  [[maybe_unused]] const auto drawn = getrandom(bytes.data(), bytes.size(), 0);
  std::string id;
  for (const unsigned char byte : bytes) {
    id += kDigits[byte >> 4];
    id += kDigits[byte & 15];
  }
  return id;
}

}  // namespace

Node::Node(unsigned cores)
    : slots(cores),
      servers(cores),
      keyspaces(cores),
      run_id(draw_run_id()),
      started_ms(
          std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count()) {}

}  // namespace kv
