#include "kv/server/gathering.h"

#include "corering/base/assert.h"

namespace kv {

bool Gathering::try_start(Keyspace& keyspace, const ColdKeys& cold) {
  CORERING_ASSERT(under_way_ == 0 && !cold.empty(), "a gathering is under way, or of nothing");
  arrivals_.clear();
  shows_item_ = false;
  futile_ = cold.total() < cold_least_ ? 0 : futile_ + 1;
  cold_least_ = cold.total() < cold_least_ ? cold.total() : cold_least_;
  if (was_refused_ || futile_ > kFutileMax) return false;
  for (const ColdKeys::Key& key : cold.first()) {
    Arrival& arrival = arrivals_.emplace_back(
        [](void* self, Arrival& ended) { static_cast<Gathering*>(self)->on_arrival(ended); }, this);
    // Too many reads wait already: with what has been started this goes on.
    if (!keyspace.try_require_resident(arrival, key.database, key.key, cold.purpose())) break;
    ++under_way_;
  }
  return under_way_ != 0;
}

// A miss is an answer. What is in memory needs no hold: places to read into are few.
void Gathering::on_arrival(Arrival& arrival) {
  if (arrival.outcome() == Arrival::Outcome::refused) was_refused_ = true;
  shows_item_ = arrival.purpose() == Arrival::Purpose::read && !was_refused_;
  if (!shows_item_) arrival.release();
  if (--under_way_ == 0) handler_(owner_);
}

void Gathering::release() noexcept {
  arrivals_.clear();
  under_way_ = 0;
  cold_least_ = ~0U;
  futile_ = 0;
  shows_item_ = was_refused_ = false;
}

}  // namespace kv
