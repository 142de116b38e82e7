// TourGuide: takes a Tour from core to core, and home.
//
// Thread: home, and each core in turn, by message. Lifetime: borrowed from its home server's pool until the tour has ended.
#pragma once

#include <memory>
#include <utility>

#include "kv/server/lending.h"
#include "kv/server/outbox.h"
#include "kv/server/tour.h"

namespace kv {

// Who waits for the tour's end.
class Traveller {
 public:
  // May give the guide back.
  virtual void on_tour_ended() = 0;

 protected:
  ~Traveller() = default;
};

class TourGuide final : public Parcel, private KeyWaiter {
 public:
  // `holds_keys`: the traveller has borrowed all keyspaces that the tour could wait for.
  TourGuide(Server& home, Traveller& traveller, std::unique_ptr<Tour> tour, bool holds_keys) noexcept
      : home_(home), traveller_(traveller), tour_(std::move(tour)), holds_keys_(holds_keys) {}
  ~TourGuide() = default;

  // The tour may have ended when this returns.
  void start() { arrive(home_); }

  Tour& tour() noexcept { return *tour_; }

 private:
  void arrive(Server& here);
  void travel_to(unsigned core);
  void on_keys_home() override { arrive(*here_); }

  Server& home_;
  Traveller& traveller_;
  std::unique_ptr<Tour> tour_;
  const bool holds_keys_;
  Server* here_ = nullptr;
  unsigned next_ = 0;  // the core to be visited next
};

}  // namespace kv
