#include "load/keys.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace load {

namespace {

constexpr std::uint64_t kWindowOffsets = std::uint64_t{1} << 16;

}  // namespace

KeyChooser::KeyChooser(const KeyOptions& options) : options_(options) {
  hot_count_ = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(static_cast<double>(options.count) * options.hot_keys_share));
  if (options.distribution != KeyDistribution::zipf) return;
  h_integral_first_ = h_integral(1.5) - 1;
  h_integral_count_ = h_integral(static_cast<double>(options.count) + 0.5);
  threshold_ = 2 - h_integral_inverse(h_integral(2.5) - h(2));
}

std::uint64_t KeyChooser::next(Random& random) const {
  switch (options_.distribution) {
    case KeyDistribution::zipf: return next_zipf(random);
    case KeyDistribution::hot_set:
      return random.fraction() < options_.hot_use_share ? random.below(hot_count_) : random.below(options_.count);
    default: return random.below(options_.count);
  }
}

// Rejection-inversion: constant time and no table, whatever the number of keys.
// Source: Hoermann and Derflinger, Rejection-inversion to generate variates from monotone discrete distributions, 1996.
std::uint64_t KeyChooser::next_zipf(Random& random) const {
  for (;;) {
    const double u = h_integral_count_ + random.fraction() * (h_integral_first_ - h_integral_count_);
    const double x = h_integral_inverse(u);
    const double rank = std::clamp(std::floor(x + 0.5), 1.0, static_cast<double>(options_.count));
    if (rank - x <= threshold_ || u >= h_integral(rank + 0.5) - h(rank)) return static_cast<std::uint64_t>(rank) - 1;
  }
}

double KeyChooser::h(double x) const { return std::exp(-options_.zipf_exponent * std::log(x)); }

// (x^(1-s) - 1) / (1-s), and log(x) for s = 1.
double KeyChooser::h_integral(double x) const {
  const double log_x = std::log(x);
  const double power = (1 - options_.zipf_exponent) * log_x;
  return std::abs(power) > 1e-8 ? std::expm1(power) / power * log_x : log_x * (1 + power / 2);
}

double KeyChooser::h_integral_inverse(double x) const {
  const double power = std::max(x * (1 - options_.zipf_exponent), -1.0);
  return std::abs(power) > 1e-8 ? std::exp(std::log1p(power) / power * x) : std::exp(x * (1 - power / 2));
}

Dataset::Dataset(const Options& options)
    : bytes_min_(options.value_bytes_min),
      bytes_max_(options.value_bytes_max),
      block_((kWindowOffsets + options.value_bytes_max) / sizeof(std::uint64_t) + 1) {
  Random random(options.seed);
  for (std::uint64_t& word : block_) word = random.next();
}

std::array<char, Dataset::kKeyBytes> Dataset::key(std::uint64_t number) const {
  std::array<char, kKeyBytes> text{'k', 'e', 'y', ':'};
  // Two halves of six digits: short divisions, and two at a time.
  auto low = static_cast<std::uint32_t>(number % 1'000'000);
  auto high = static_cast<std::uint32_t>(number / 1'000'000 % 1'000'000);
  for (std::size_t digit = kKeyBytes; digit > 10; low /= 10, high /= 10) {
    --digit;
    text[digit] = static_cast<char>('0' + low % 10);
    text[digit - 6] = static_cast<char>('0' + high % 10);
  }
  return text;
}

corering::base::ByteView Dataset::value(std::uint64_t number) const {
  const std::uint64_t mixed = scattered(number);
  const std::uint64_t bytes = bytes_min_ + (mixed >> 16) % (bytes_max_ - bytes_min_ + 1);
  return std::as_bytes(std::span(block_)).subspan(mixed % kWindowOffsets, bytes);
}

}  // namespace load
