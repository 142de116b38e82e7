// ColdRead: one record on its way out of the file.
//
// Embedded in whoever asks, which stays where it is until the handler is called. Then it holds the record's bytes, in a buffer of the
// log, until release() or its end: a reply can be sent straight out of it.
//
// Thread: owning core only. Lifetime: the log outlives it.
#pragma once

#include <cstdint>
#include <optional>

#include "corering/base/intrusive.h"
#include "corering/cache/log_location.h"
#include "corering/cache/record.h"

namespace corering::cache {

class ColdReader;
class ReadSlot;
struct ColdReadTag;

class ColdRead : public base::ListHook<ColdReadTag> {
 public:
  enum class Outcome : std::uint8_t {
    pending,
    record,   // and it is whole. Its key may be another: compare
    gone,     // the location is stale, or the file is off
    damaged,  // the disk returned something else than was written
    failed,   // the disk returned an error
    no_room,  // a long record, and no memory for it now
  };

  using Handler = void (*)(void* owner, ColdRead& read);

  ColdRead(Handler handler, void* owner) noexcept : handler_(handler), owner_(owner) {}
  template <auto kMember, typename Owner>
  static ColdRead to(Owner* owner) noexcept {
    return {[](void* self, ColdRead& read) { (static_cast<Owner*>(self)->*kMember)(read); }, owner};
  }
  ColdRead(const ColdRead&) = delete;
  ColdRead& operator=(const ColdRead&) = delete;
  ~ColdRead();

  // Started, and its handler not called yet.
  bool in_flight() const noexcept { return outcome_ == Outcome::pending && reader_ != nullptr; }
  Outcome outcome() const noexcept { return outcome_; }
  LogLocation location() const noexcept { return location_; }

  // Requires: outcome() is record, and release() was not called.
  const RecordView& record() const noexcept;

  // Gives the buffer back. The owner may start another read.
  void release() noexcept;

 private:
  friend class ColdReader;
  friend class ReadSlot;

  Handler handler_;
  void* owner_;
  ColdReader* reader_ = nullptr;
  ReadSlot* slot_ = nullptr;
  std::optional<RecordView> record_;
  LogLocation location_;
  Outcome outcome_ = Outcome::pending;
};

}  // namespace corering::cache
