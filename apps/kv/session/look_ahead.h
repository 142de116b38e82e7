// LookAhead: begins the look-ups of a batch's later requests while the earlier ones run.
//
// Keys are scattered over memory, and a miss of the cache takes as long as a command. Two misses follow each other, the index's line and
// the item's; so a look-up is begun kBeginAhead requests before it is needed, and its item loaded kLoadAhead before. Few misses are under
// way at a time then, and all of them behind other work: what asks for a whole batch at once waits for the machine's line buffers.
//
// A hint: it supposes that the first argument is the key and that the key is this core's.
//
// Thread: the client's core. Lifetime: within one turn; the batch stays as it is, but for `next`.
#pragma once

#include <array>

#include "kv/session/request_batch.h"
#include "kv/store/keyspace.h"

namespace kv {

class LookAhead {
 public:
  LookAhead(Keyspace& keyspace, unsigned database, const RequestBatch& batch) noexcept
      : keyspace_(keyspace), database_(database), batch_(batch) {
    for (unsigned index = batch.next; index < batch.next + kBeginAhead; ++index) begin(index);
    for (unsigned index = batch.next; index < batch.next + kLoadAhead; ++index) load(index);
  }

  // The look-up of the request that is next; to be called once for each, in order.
  const Keyspace::Ahead* step() noexcept {
    begin(batch_.next + kBeginAhead);
    load(batch_.next + kLoadAhead);
    return &aheads_[batch_.next % kKept];
  }

 private:
  static constexpr unsigned kBeginAhead = 8;
  static constexpr unsigned kLoadAhead = 4;
  static constexpr unsigned kKept = 16;
  static_assert(kLoadAhead < kBeginAhead && kBeginAhead < kKept);

  void begin(unsigned index) noexcept {
    if (index >= batch_.count) return;
    const protocol::ArgumentList& arguments = batch_.requests[index];
    if (arguments.size() > 1) {
      keyspace_.begin(database_, arguments[1], aheads_[index % kKept]);
    } else {
      aheads_[index % kKept] = {};
    }
  }
  void load(unsigned index) noexcept {
    if (index < batch_.count) keyspace_.load(aheads_[index % kKept]);
  }

  Keyspace& keyspace_;
  unsigned database_;
  const RequestBatch& batch_;
  std::array<Keyspace::Ahead, kKept> aheads_;
};

}  // namespace kv
