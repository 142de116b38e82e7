// Which keys are asked for, and which value each has.
//
// A key's value follows from its number alone, so whoever set it, a reader knows every byte that has to come back, and a value of
// another key, or a damaged one, shows.
// Thread: KeyChooser: one; Dataset: any (it does not change).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "corering/base/bytes.h"
#include "load/options.h"
#include "load/random.h"

namespace load {

class KeyChooser {
 public:
  explicit KeyChooser(const KeyOptions& options);

  // 0 to count-1; with Zipf and hot set the lower numbers are the popular ones.
  std::uint64_t next(Random& random) const;

 private:
  std::uint64_t next_zipf(Random& random) const;
  double h_integral(double x) const;
  double h_integral_inverse(double x) const;
  double h(double x) const;

  const KeyOptions options_;
  std::uint64_t hot_count_ = 0;
  double h_integral_first_ = 0;
  double h_integral_count_ = 0;
  double threshold_ = 0;
};

class Dataset {
 public:
  static constexpr std::size_t kKeyBytes = 16;  // "key:" and twelve digits, as redis-benchmark's

  explicit Dataset(const Options& options);

  std::array<char, kKeyBytes> key(std::uint64_t number) const;

  // Valid as long as the dataset.
  corering::base::ByteView value(std::uint64_t number) const;

  std::uint64_t value_bytes_max() const noexcept { return bytes_max_; }

 private:
  std::uint64_t bytes_min_;
  std::uint64_t bytes_max_;
  std::vector<std::uint64_t> block_;  // random bytes; values are windows of it
};

}  // namespace load
