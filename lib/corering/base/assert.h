// Assertions that stay on in every build.
//
// A broken invariant is a bug of ours: the process prints where and aborts, because going on would serve wrong bytes. What a
// peer, an operator or the kernel can cause is never asserted; it is a Result or a counter.
#pragma once

namespace corering::base {

// Prints the place and the text to stderr and aborts. Never returns. Thread: any.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line, const char* meaning) noexcept;

}  // namespace corering::base

// CORERING_ASSERT(in_flight == 0, "a completion is destroyed while the kernel holds it");
#define CORERING_ASSERT(expression, meaning)          \
  (__builtin_expect(static_cast<bool>(expression), 1) \
       ? static_cast<void>(0)                         \
       : ::corering::base::assertion_failed(#expression, __FILE__, __LINE__, meaning))
