#include "kv/server/tour_guide.h"

#include "kv/server/server.h"

namespace kv {

void TourGuide::arrive(Server& here) {
  here_ = &here;
  while (next_ < here.core_count()) {
    if (next_ != here.number()) return travel_to(next_);
    if (tour_->needs_keys() && !holds_keys_ && !here.lending().is_home()) return here.lending().await(*this);
    here.enter_turn();
    if (tour_->must_wait(here, *this)) return;
    tour_->visit(here);
    ++next_;
  }
  if (&here != &home_) return travel_to(home_.number());
  traveller_.on_tour_ended();
}

void TourGuide::travel_to(unsigned core) {
  here_->outbox().send(core, *this, [](Server& there, Parcel& parcel) { static_cast<TourGuide&>(parcel).arrive(there); });
}

}  // namespace kv
