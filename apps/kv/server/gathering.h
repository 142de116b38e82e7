// Gathering: items of the file that a command needs, on their way into memory, many at a time.
//
//   ColdKeys cold;                       // whoever knows the command's keys adds those that are not resident
//   if (gathering.try_start(keyspace, cold)) return;     // its handler is called when all of them have ended
//
// What has come may have gone again when the last one comes: so look again, until nothing is cold, or it does not get any less.
//
// Thread: the keyspace's own core. Lifetime: as Arrival. Cost: an allocation per key, next to a read of the file.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <list>
#include <span>
#include <string_view>

#include "kv/store/keyspace.h"

namespace kv {

// What a command needs of the file: the first keys that are not resident, and places whose names are not known.
class ColdKeys {
 public:
  static constexpr unsigned kMax = 32;  // fetched together

  struct Key {
    unsigned database;
    std::string_view key;
  };

  explicit ColdKeys(ColdNames& names) noexcept : names_(names) {}

  void add(unsigned database, std::string_view key) noexcept {
    if (keys_ < kMax) first_keys_[keys_] = {database, key};
    ++keys_;
  }
  void add(corering::cache::ColdItem place) noexcept {
    if (places_ < kMax) first_places_[places_] = place;
    ++places_;
  }
  // The command looks at its only key, and changes nothing: see Arrival.
  void only_look() noexcept { purpose_ = Arrival::Purpose::read; }

  bool empty() const noexcept { return keys_ == 0 && places_ == 0; }
  bool is_full() const noexcept { return places_ >= kMax; }
  unsigned keys() const noexcept { return keys_; }
  std::span<const Key> first_keys() const noexcept { return std::span(first_keys_).first(std::min(keys_, kMax)); }
  std::span<const corering::cache::ColdItem> first_places() const noexcept {
    return std::span(first_places_).first(std::min(places_, kMax));
  }
  Arrival::Purpose purpose() const noexcept { return purpose_; }
  ColdNames& names() const noexcept { return names_; }

 private:
  ColdNames& names_;
  std::array<Key, kMax> first_keys_;
  std::array<corering::cache::ColdItem, kMax> first_places_;
  unsigned keys_ = 0;
  unsigned places_ = 0;
  Arrival::Purpose purpose_ = Arrival::Purpose::change;
};

class Gathering {
 public:
  using Handler = void (*)(void* owner);

  Gathering(Handler handler, void* owner) noexcept : handler_(handler), owner_(owner) {}
  template <auto kMember, typename Owner>
  static Gathering to(Owner* owner) noexcept {
    return {[](void* self) { (static_cast<Owner*>(self)->*kMember)(); }, owner};
  }

  // False: it is no use any more: the file cannot be read, or the command needs too much of it at once. Requires: some are cold, and
  // none is on its way.
  bool try_start(Keyspace& keyspace, const ColdKeys& cold);

  // Read so far.
  ColdNames& names() noexcept { return names_; }

  // What came is shown to a command that only looks: run it now, from inside the handler.
  bool shows_item() const noexcept { return shows_item_; }

  // Lets go of what came, and forgets what was.
  void release() noexcept;

 private:
  static constexpr unsigned kFutileMax = 16;

  // A name on its way.
  struct Reading {
    Reading(Gathering& owner, std::uint64_t place) noexcept : gathering(owner), location(place) {}
    void on_end(corering::cache::Fetch&) { gathering.on_name(*this); }

    Gathering& gathering;
    const std::uint64_t location;
    corering::cache::Fetch fetch = corering::cache::Fetch::to<&Reading::on_end>(this);
  };

  void on_arrival(Arrival& arrival);
  void on_name(Reading& reading);
  void end_one() {
    if (--under_way_ == 0) handler_(owner_);
  }

  Handler handler_;
  void* owner_;
  std::list<Arrival> arrivals_;
  std::list<Reading> readings_;
  ColdNames names_;
  unsigned under_way_ = 0;
  unsigned keys_least_ = ~0U;
  std::size_t names_most_ = 0;
  unsigned futile_ = 0;  // rounds that brought the command no nearer
  bool shows_item_ = false;
  bool was_refused_ = false;
};

}  // namespace kv
