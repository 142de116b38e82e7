// HeldPin: a pin of an item, held by a reply on its way to a client, where there are several cores.
//
// A pin may be released only on the core of its keyspace, and only while that is at home. So when the bytes have left, a pin of
// another core
// travels there, and one that finds its keyspace away waits for it.
//
// Thread: home, the owner's core, and home again, by message. Lifetime: borrowed from its home server's pool.
#pragma once

#include "kv/protocol/reply_sink.h"
#include "kv/server/lending.h"
#include "kv/server/outbox.h"

namespace kv {

class HeldPin final : public Parcel, private KeyWaiter {
 public:
  HeldPin(Server& home, unsigned core, protocol::Pin pin) noexcept : home_(home), core_(core), pin_(pin) {}
  ~HeldPin() = default;

  // The bytes have left.
  void release() noexcept;

 private:
  void arrive(Server& there);
  void on_keys_home() override { arrive(*there_); }

  Server& home_;
  Server* there_ = nullptr;
  const unsigned core_;
  const protocol::Pin pin_;
};

}  // namespace kv
