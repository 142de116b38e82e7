#include "corering/cache/large_values.h"

#include <utility>

namespace corering::cache {

std::optional<std::uint32_t> LargeValues::try_take(std::size_t bytes) {
  auto mapping = mem::Mapping::open(bytes);
  if (!mapping) return std::nullopt;
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(values_.size()));
    values_.push_back(std::make_unique<Value>());
  }
  const std::uint32_t number = free_.back();
  free_.pop_back();
  Value& value = *values_[number];
  value.number = number;
  value.mapping = std::move(*mapping);
  bytes_ += value.mapping.bytes().size();
  return number;
}

void LargeValues::release(std::uint32_t number) noexcept {
  values_[number]->pins.retire(
      [](void* self, PinTarget& pins) {
        auto& home = *static_cast<LargeValues*>(self);
        auto& value = reinterpret_cast<Value&>(pins);
        home.bytes_ -= value.mapping.bytes().size();
        value.mapping = mem::Mapping();
        home.free_.push_back(value.number);
      },
      this);
}

void LargeValues::release_all() noexcept {
  for (const auto& value : values_) {
    if (!value->mapping.bytes().empty() && !value->pins.is_retired()) release(value->number);
  }
}

}  // namespace corering::cache
