// Result<T>: a value, or the Error that says why there is none.
//
// std::expected under a name of our own, because an ignored std::expected draws no warning from g++ 12 and an ignored Result
// does. It has no monadic operations (g++ 12 lacks them); the usual form is
//
//   auto ring = Ring::open(options);
//   if (!ring) return base::failure(std::move(ring.error()));
#pragma once

#include <expected>
#include <utility>

#include "corering/base/error.h"

namespace corering::base {

template <typename T = void>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

inline std::unexpected<Error> failure(Error error) { return std::unexpected<Error>(std::move(error)); }

}  // namespace corering::base
