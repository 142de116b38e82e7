#include "corering/ring/ring.h"

#include <cerrno>

namespace corering::ring {

namespace {

// How many results one reap hands out: bounds how long ready tasks and timers wait behind a burst.
constexpr std::size_t kReapBatch = 512;

}  // namespace

base::Result<Ring> Ring::open(Backend& backend, const SetupOptions& options) {
  auto opened = backend.open(options);
  if (!opened) return base::failure(std::move(opened.error()));
  const FeatureSet features = probe_features(backend, *opened);
  if (auto complete = require_features(features); !complete) return base::failure(std::move(complete.error()));
  return Ring(backend, *opened, features);
}

Ring::Ring(Backend& backend, const OpenedRing& opened, const FeatureSet& features)
    : backend_(&backend),
      opened_(opened),
      features_(features),
      submissions_(opened.memory),
      completions_(opened.memory),
      batch_(kReapBatch) {
  early_.reserve(opened.memory.completion_entries);
}

Sqe& Ring::require_sqe(Completion& completion) {
  CORERING_ASSERT(!completion.in_flight_, "an operation is started on a completion that is in flight");
  Sqe& sqe = require_sqe();
  sqe.user_data = reinterpret_cast<std::uint64_t>(&completion);
  completion.in_flight_ = true;
  ++in_flight_;
  return sqe;
}

Sqe& Ring::require_sqe() {
  Sqe* sqe = submissions_.try_next();
  while (sqe == nullptr) {
    submit_early();
    sqe = submissions_.try_next();
  }
  sqe->user_data = 0;
  return *sqe;
}

Sqe& Ring::require_sqe_for_adopted(Completion& completion) {
  CORERING_ASSERT(completion.adopted_, "an operation's results go to a completion that is not adopted");
  Sqe& sqe = require_sqe();
  sqe.user_data = reinterpret_cast<std::uint64_t>(&completion);
  return sqe;
}

void Ring::require_chain(std::uint32_t count) {
  CORERING_ASSERT(count <= submissions_.capacity(), "a link chain is longer than the submission queue");
  while (submissions_.capacity() - submissions_.pending() < count) submit_early();
}

void Ring::enter(EnterRequest wait) {
  counters_->enters.add();
  if (submissions_.completions_overflowed()) counters_->overflows.add();
  call_enter(wait);
}

std::span<const Cqe> Ring::reap() {
  if (!early_.empty()) {
    batch_.assign(early_.begin(), early_.end());
    early_.clear();
    counters_->completed.add(batch_.size());
    return batch_;
  }
  batch_.resize(kReapBatch);
  const std::size_t count = completions_.copy_out(batch_);
  counters_->completed.add(count);
  return std::span(batch_).first(count);
}

void Ring::dispatch(const Cqe& cqe) {
  if (cqe.user_data == 0) return;
  auto& completion = *reinterpret_cast<Completion*>(cqe.user_data);
  const IoResult result{cqe.res, cqe.flags};
  CORERING_ASSERT(completion.in_flight_ || completion.adopted_, "a completion arrives for an operation that has ended");
  if (!result.more() && !completion.adopted_) {
    completion.in_flight_ = false;
    --in_flight_;
  }
  completion.handler_(completion.owner_, result);
}

void Ring::dispatch(std::span<const Cqe> batch) {
  constexpr std::size_t kAhead = 4;
  for (std::size_t index = 0; index < batch.size(); ++index) {
    if (index + kAhead < batch.size()) {
      const auto* later = reinterpret_cast<const std::byte*>(batch[index + kAhead].user_data);
      // Harmless whatever the address: a prefetch does not fault.
      __builtin_prefetch(later - 64);
      __builtin_prefetch(later);
      __builtin_prefetch(later + 64);
    }
    dispatch(batch[index]);
  }
}

void Ring::adopt(Completion& completion) noexcept {
  CORERING_ASSERT(!completion.in_flight_, "a completion is adopted while it is in flight");
  completion.adopted_ = true;
}

void Ring::retire(Completion& completion) noexcept { completion.adopted_ = false; }

void Ring::abandon(Completion& completion) noexcept {
  if (!completion.in_flight_) return;
  completion.in_flight_ = false;
  --in_flight_;
}

// The queue is full in the middle of a turn. If the kernel takes nothing because it has no room for completions, they are copied
// aside, to be reaped by the next turn.
void Ring::submit_early() {
  counters_->extra_enters.add();
  const int result = call_enter({});
  if (result == -EBUSY || result == -EAGAIN) {
    const std::size_t before = early_.size();
    early_.resize(before + completions_.ready());
    completions_.copy_out(std::span(early_).subspan(before));
  }
}

int Ring::call_enter(EnterRequest request) {
  request.submit_count = submissions_.publish();
  const int result = backend_->enter(request);
  if (result >= 0) {
    counters_->submitted.add(static_cast<std::uint64_t>(result));
    return result;
  }
  // ETIME, EINTR: the wait ended. EBUSY, EAGAIN: the kernel wants completions reaped, or memory, first; what is pending goes with
  // a later enter. Anything else cannot happen to a sound program: EEXIST is another thread entering, EBADR a completion lost for
  // good.
  const bool expected = result == -ETIME || result == -EINTR || result == -EBUSY || result == -EAGAIN;
  CORERING_ASSERT(expected, "io_uring_enter reports a lost completion or a misused ring");
  return result;
}

}  // namespace corering::ring
