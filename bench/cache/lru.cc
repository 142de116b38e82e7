#include "lru.h"

bool Lru::request(std::uint64_t id, std::uint64_t cost) {
  if (const auto found = items_.find(id); found != items_.end()) {
    order_.splice(order_.begin(), order_, found->second);
    return true;
  }
  if (cost > budget_) return false;
  while (used_ + cost > budget_) {
    used_ -= order_.back().cost;
    items_.erase(order_.back().id);
    order_.pop_back();
  }
  order_.push_front({id, cost});
  items_[id] = order_.begin();
  used_ += cost;
  return false;
}
