// Fd: the owner of a file descriptor. Closes it when it dies.
#pragma once

#include <utility>

namespace corering::sys {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int value) noexcept : value_(value) {}
  Fd(Fd&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Fd();

  explicit operator bool() const noexcept { return value_ >= 0; }
  int value() const noexcept { return value_; }
  int release() noexcept { return std::exchange(value_, -1); }

 private:
  int value_ = -1;
};

}  // namespace corering::sys
