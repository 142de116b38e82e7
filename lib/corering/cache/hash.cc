#include "corering/cache/hash.h"

#include <sys/random.h>

#include "corering/base/assert.h"

namespace corering::cache {

std::uint64_t KeyHash::random_seed() noexcept {
  std::uint64_t seed = 0;
  // Up to 256 bytes come whole; without GRND_NONBLOCK the call waits for the pool at boot and fails in no other way.
  CORERING_ASSERT(::getrandom(&seed, sizeof seed, 0) == static_cast<ssize_t>(sizeof seed), "the kernel gives no random bytes");
  return seed;
}

}  // namespace corering::cache
