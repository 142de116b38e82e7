// Lru: the yardstick: how often a least-recently-used cache misses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>

class Lru {
 public:
  explicit Lru(std::uint64_t budget) : budget_(budget) {}

  // Whether it was there; it is there afterwards.
  bool request(std::uint64_t id, std::uint64_t cost);

 private:
  struct Item {
    std::uint64_t id;
    std::uint64_t cost;
  };

  std::uint64_t budget_;
  std::uint64_t used_ = 0;
  std::list<Item> order_;  // the most recent first
  std::unordered_map<std::uint64_t, std::list<Item>::iterator> items_;
};
