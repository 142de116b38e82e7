// Gathering: items of the file that a command needs, on their way into memory, many at a time.
//
//   ColdKeys cold;                       // whoever knows the command's keys adds those that are not resident
//   if (gathering.try_start(keyspace, cold)) return;     // its handler is called when all of them have ended
//
// What has come may have gone again when the last one comes: so look again, until nothing is cold, or it does not get any less.
//
// Thread: the keyspace's own core. Lifetime: as Arrival. Cost: an allocation per key, next to a read of the file.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <span>
#include <string_view>

#include "kv/store/keyspace.h"

namespace kv {

// The keys of a command that are not resident: the first of them, and how many there are.
class ColdKeys {
 public:
  static constexpr unsigned kMax = 32;  // fetched together

  struct Key {
    unsigned database;
    std::string_view key;
  };

  void add(unsigned database, std::string_view key) noexcept {
    if (total_ < kMax) keys_[total_] = {database, key};
    ++total_;
  }
  // The command looks at its only key, and changes nothing: see Arrival.
  void only_look() noexcept { purpose_ = Arrival::Purpose::read; }

  bool empty() const noexcept { return total_ == 0; }
  unsigned total() const noexcept { return total_; }
  std::span<const Key> first() const noexcept { return std::span(keys_).first(total_ < kMax ? total_ : kMax); }
  Arrival::Purpose purpose() const noexcept { return purpose_; }

 private:
  std::array<Key, kMax> keys_;
  unsigned total_ = 0;
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

  // False: it is no use any more: the file cannot be read, or what the command needs does not fit into memory together.
  // Requires: some are cold, and none is on its way.
  bool try_start(Keyspace& keyspace, const ColdKeys& cold);

  // What came is shown to a command that only looks: run it now, from inside the handler.
  bool shows_item() const noexcept { return shows_item_; }
  bool was_refused() const noexcept { return was_refused_; }

  // Lets go of what came, and forgets what was.
  void release() noexcept;

 private:
  static constexpr unsigned kFutileMax = 16;

  void on_arrival(Arrival& arrival);

  Handler handler_;
  void* owner_;
  std::list<Arrival> arrivals_;
  unsigned under_way_ = 0;
  unsigned cold_least_ = ~0U;
  unsigned futile_ = 0;  // rounds after which no fewer were cold
  bool shows_item_ = false;
  bool was_refused_ = false;
};

}  // namespace kv
