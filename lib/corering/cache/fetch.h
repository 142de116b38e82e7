// Fetch: a cold item on its way up.
//
// Embedded in whoever waits; its handler is called once, later, never from inside try_fetch, and always from inside Cache::advance or the
// device's completion. With Purpose::read it ends with the item, wherever it lies then; the item's second hit brings it into L1.
// With Purpose::change everything that might be the item is brought into L1, so that the operation that said `cold` can be
// repeated: its answer is then final, unless the item went cold again meanwhile.
//
// Thread: owning core only. Lifetime: stays where it is, and the key's bytes too, until its handler was called; the item is
// valid until release() or the end of the Fetch, which gives the buffer back that it may lie in. Dropping a Fetch in flight cancels it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "corering/base/bytes.h"
#include "corering/base/intrusive.h"
#include "corering/cache/cold_read.h"
#include "corering/cache/item_ref.h"

namespace corering::cache {

class Cache;
struct FetchTag;

class Fetch : public base::ListHook<FetchTag> {
 public:
  enum class Purpose : std::uint8_t { read, change };
  enum class Outcome : std::uint8_t {
    pending,
    hit,      // item() is there
    miss,     // there is none
    refused,  // the disk fails, or there is no memory to bring the item into
  };
  using Handler = void (*)(void* owner, Fetch& fetch);

  Fetch(Handler handler, void* owner) noexcept : handler_(handler), owner_(owner) {}
  template <auto kMember, typename Owner>
  static Fetch to(Owner* owner) noexcept {
    return {[](void* self, Fetch& fetch) { (static_cast<Owner*>(self)->*kMember)(fetch); }, owner};
  }
  Fetch(const Fetch&) = delete;
  Fetch& operator=(const Fetch&) = delete;
  ~Fetch() { release(); }

  Outcome outcome() const noexcept { return outcome_; }
  bool in_flight() const noexcept { return is_linked() || read_.in_flight(); }

  // Requires: outcome() is hit, and release() was not called.
  const ItemRef& item() const noexcept { return item_; }

  // Not in flight afterwards; may be started again.
  void release() noexcept {
    leave_queue();
    item_ = ItemRef();
    read_.release();
  }

 private:
  friend class Cache;

  // More entries with one tag in one group than this is as good as impossible.
  static constexpr std::size_t kOthersMax = 8;

  void leave_queue() noexcept;
  void on_read(ColdRead& read);

  Handler handler_;
  void* owner_;
  Cache* cache_ = nullptr;
  base::ByteView key_;
  std::uint64_t hash_ = 0;
  Purpose purpose_ = Purpose::read;
  Outcome outcome_ = Outcome::pending;
  bool by_place_ = false;                           // whatever lies at the location, for scans
  std::array<std::uint64_t, kOthersMax> others_{};  // locations of other keys
  std::size_t others_count_ = 0;
  ItemRef item_;
  ColdRead read_ = ColdRead::to<&Fetch::on_read>(this);
};

}  // namespace corering::cache
