// BatchPool: request batches, which are large and are not worth being made anew.
//
// Thread: its core's. Lifetime: every batch is back before it dies (asserted).
#pragma once

#include <memory>
#include <vector>

#include "corering/base/assert.h"
#include "kv/session/request_batch.h"

namespace kv {

class BatchPool {
 public:
  BatchPool() = default;
  BatchPool(const BatchPool&) = delete;
  BatchPool& operator=(const BatchPool&) = delete;
  ~BatchPool() { CORERING_ASSERT(idle_.size() == all_.size(), "a batch outlives its pool"); }

  RequestBatch& borrow() {
    if (idle_.empty()) {
      all_.push_back(std::make_unique<RequestBatch>());
      idle_.reserve(all_.size());
      idle_.push_back(all_.back().get());
    }
    RequestBatch& batch = *idle_.back();
    idle_.pop_back();
    return batch;
  }

  void give_back(RequestBatch& batch) noexcept {
    for (unsigned index = 0; index < batch.count; ++index) batch.requests[index].clear();
    batch.count = batch.next = batch.errands_end = 0;
    idle_.push_back(&batch);
  }

 private:
  std::vector<std::unique_ptr<RequestBatch>> all_;
  std::vector<RequestBatch*> idle_;
};

}  // namespace kv
