#include "kv/server/held_pin.h"

#include "kv/server/server.h"

namespace kv {

void HeldPin::release() noexcept {
  if (core_ == home_.number()) return arrive(home_);
  home_.outbox().send(core_, *this, [](Server& there, Parcel& parcel) { static_cast<HeldPin&>(parcel).arrive(there); });
}

void HeldPin::arrive(Server& there) {
  there_ = &there;
  if (!there.lending().is_home()) return there.lending().await(*this);
  pin_.release(pin_.owner);
  if (&there == &home_) return home_.give_back(*this);
  there.outbox().send(home_.number(), *this, [](Server& home, Parcel& parcel) { home.give_back(static_cast<HeldPin&>(parcel)); });
}

}  // namespace kv
