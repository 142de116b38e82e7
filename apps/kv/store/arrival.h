// Arrival: a key whose item is on its way from the file.
//
// Embedded in whoever waits; see Keyspace::require_resident. Its handler is called once, later.
//
//   read    the item is shown by find() for as long as the Arrival holds it, and does not push anything out of memory. For commands
//           with one key that only look, run by the handler itself: a later change of the key would not be seen.
//   change  the item is brought into memory, so that every operation finds it.
//
// Thread: the keyspace's own core. Lifetime: stays where it is while it is in flight; dropping it cancels it; dies before its keyspace.
#pragma once

#include <string>
#include <utility>

#include "corering/cache/fetch.h"

namespace kv {

class Keyspace;

class Arrival {
 public:
  using Purpose = corering::cache::Fetch::Purpose;
  using Outcome = corering::cache::Fetch::Outcome;
  using Handler = void (*)(void* owner, Arrival& arrival);

  Arrival(Handler handler, void* owner) noexcept : handler_(handler), owner_(owner) {}
  template <auto kMember, typename Owner>
  static Arrival to(Owner* owner) noexcept {
    return {[](void* self, Arrival& arrival) { (static_cast<Owner*>(self)->*kMember)(arrival); }, owner};
  }
  Arrival(const Arrival&) = delete;
  Arrival& operator=(const Arrival&) = delete;
  ~Arrival() { release(); }

  // hit and miss: run the command. refused: the disk fails, or there is no memory: the answer is an error.
  Outcome outcome() const noexcept { return fetch_.outcome(); }
  bool in_flight() const noexcept { return fetch_.in_flight(); }
  Purpose purpose() const noexcept { return purpose_; }

  // Lets go of the item.
  void release() noexcept;

 private:
  friend class Keyspace;

  void on_fetched(corering::cache::Fetch&);

  Handler handler_;
  void* owner_;
  Keyspace* keyspace_ = nullptr;
  std::string key_;  // as it is stored
  Purpose purpose_ = Purpose::read;
  corering::cache::Fetch fetch_ = corering::cache::Fetch::to<&Arrival::on_fetched>(this);
};

}  // namespace kv
