#include "kv/server/errand.h"

#include "kv/server/server.h"

namespace kv {

void Errand::start() {
  if (core_ == home_.number()) return proceed(home_);
  home_.statistics().calls_sent.add(count_);
  home_.outbox().send(core_, *this, [](Server& there, Parcel& parcel) {
    auto& errand = static_cast<Errand&>(parcel);
    there.statistics().calls_received.add(errand.count_);
    errand.proceed(there);
  });
}

void Errand::proceed(Server& there) {
  there_ = &there;
  for (; next_ < count_; ++next_) {
    if (!there.lending().is_home()) {
      gathering_.release();
      there.statistics().waits_for_keys.add();
      there.lending().await(*this);
      return;
    }
    there.enter_turn();
    if (there.has_tiers() && needs_fetch(there)) return;
    if (is_refused_) {
      employer_.refuse(there, indexes_[next_], replies_);
    } else {
      employer_.run(there, indexes_[next_], replies_);
    }
    is_refused_ = false;
    if (there.has_tiers()) there.keyspace().show(nullptr);
    gathering_.release();
    ends_[next_] = replies_.size();
  }
  go_home(there);
}

// True: items are on their way.
bool Errand::needs_fetch(Server& there) {
  if (gathering_.shows_item()) return false;
  ColdKeys cold(gathering_.names());
  there.keyspace().show(&gathering_.names());
  employer_.find_cold_keys(there, indexes_[next_], cold);
  if (cold.empty()) return false;
  there.keyspace().show(nullptr);
  there.statistics().cold_waits.add();
  is_refused_ = !gathering_.try_start(there.keyspace(), cold);
  there.want_turn();  // what needs no read is answered by the cache's next advance
  return !is_refused_;
}

void Errand::go_home(Server& there) {
  if (&there == &home_) return employer_.on_errand_home(*this);
  there.outbox().send(home_.number(), *this, [](Server&, Parcel& parcel) {
    auto& errand = static_cast<Errand&>(parcel);
    errand.employer_.on_errand_home(errand);
  });
}

}  // namespace kv
