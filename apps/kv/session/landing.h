// Landing: a large value on its way from the socket to where it stays: a place in the cache, or memory of its own until a core that owns
// the key, or a command that wants it, takes it from there.
//
// Thread: the connection's core. Lifetime: memory stays where it is until clear().
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "corering/base/bytes.h"
#include "corering/cache/cache.h"

namespace kv {

class Landing {
 public:
  void begin(corering::cache::Reservation reservation) {
    reservation_ = std::move(reservation);
    memory_ = reservation_.value();
    filled_ = 0;
  }
  // Requires: is_empty().
  void begin(std::size_t bytes) {
    own_ = std::make_unique_for_overwrite<std::byte[]>(bytes);
    memory_ = {own_.get(), bytes};
    filled_ = 0;
  }

  // Copies as much as it takes; returns how much.
  std::size_t append(std::string_view bytes) noexcept {
    const std::size_t count = bytes.size() < memory_.size() - filled_ ? bytes.size() : memory_.size() - filled_;
    if (count != 0) std::memcpy(memory_.data() + filled_, bytes.data(), count);
    filled_ += count;
    return count;
  }

  bool is_full() const noexcept { return filled_ == memory_.size(); }
  corering::base::MutableBytes rest() const noexcept { return memory_.subspan(filled_); }
  std::string_view value() const noexcept { return corering::base::text_of(memory_); }

  bool is_reserved() const noexcept { return static_cast<bool>(reservation_); }
  corering::cache::Reservation& reservation() noexcept { return reservation_; }
  // Whether `argument` is the value that landed in the cache.
  bool holds(std::string_view argument) const noexcept { return is_reserved() && argument.data() == value().data(); }

  bool is_empty() const noexcept { return memory_.empty(); }
  void clear() noexcept {
    corering::cache::Reservation dropped = std::move(reservation_);
    reservation_ = {};
    own_.reset();
    memory_ = {};
  }

 private:
  corering::cache::Reservation reservation_;
  std::unique_ptr<std::byte[]> own_;
  corering::base::MutableBytes memory_;
  std::size_t filled_ = 0;
};

}  // namespace kv
