#include "corering/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace corering::base {

void assertion_failed(const char* expression, const char* file, int line, const char* meaning) noexcept {
  std::fprintf(stderr, "corering: assertion failed: %s (%s) at %s:%d\n", meaning, expression, file, line);
  std::fflush(stderr);
  std::abort();
}

}  // namespace corering::base
