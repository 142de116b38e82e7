#include "kv/server/gathering.h"

#include <algorithm>

#include "corering/base/assert.h"

namespace kv {

bool Gathering::try_start(Keyspace& keyspace, const ColdKeys& cold) {
  CORERING_ASSERT(under_way_ == 0 && !cold.empty(), "a gathering is under way, or of nothing");
  arrivals_.clear();
  readings_.clear();
  shows_item_ = false;
  const bool is_nearer = cold.keys() < keys_least_ || names_.size() > names_most_;
  futile_ = is_nearer ? 0 : futile_ + 1;
  keys_least_ = std::min(keys_least_, cold.keys());
  names_most_ = names_.size();
  if (was_refused_ || futile_ > kFutileMax || names_.is_full()) return false;
  // Too many reads wait already: with what has been started this goes on.
  for (const ColdKeys::Key& key : cold.first_keys()) {
    Arrival& arrival =
        arrivals_.emplace_back([](void* self, Arrival& ended) { static_cast<Gathering*>(self)->on_arrival(ended); }, this);
    if (!keyspace.try_require_resident(arrival, key.database, key.key, cold.purpose())) break;
    ++under_way_;
  }
  for (const corering::cache::ColdItem place : cold.first_places()) {
    if (!keyspace.try_read(readings_.emplace_back(*this, place.location).fetch, place)) break;
    ++under_way_;
  }
  return under_way_ != 0;
}

// A miss is an answer. What is in memory needs no hold: places to read into are few.
void Gathering::on_arrival(Arrival& arrival) {
  if (arrival.outcome() == Arrival::Outcome::refused) was_refused_ = true;
  shows_item_ = arrival.purpose() == Arrival::Purpose::read && !was_refused_;
  if (!shows_item_) arrival.release();
  end_one();
}

void Gathering::on_name(Reading& reading) {
  corering::cache::Fetch& fetch = reading.fetch;
  if (fetch.outcome() == corering::cache::Fetch::Outcome::hit) {
    names_.add(reading.location, fetch.item());
  } else {
    names_.add_unreadable(reading.location);
  }
  fetch.release();
  end_one();
}

void Gathering::release() noexcept {
  arrivals_.clear();
  readings_.clear();
  names_.clear();
  under_way_ = 0;
  keys_least_ = ~0U;
  names_most_ = 0;
  futile_ = 0;
  shows_item_ = was_refused_ = false;
}

}  // namespace kv
