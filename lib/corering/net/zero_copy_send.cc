#include "corering/net/zero_copy_send.h"

#include "corering/net/sender.h"
#include "corering/net/transport.h"

namespace corering::net {

void ZeroCopySend::on_completion(ring::IoResult result) { queue_.on_completion(*this, result); }

ZeroCopySend* ReleaseQueue::try_add() {
  ZeroCopySend* const send = transport_.zero_copy_sends().try_borrow(*this);
  if (send != nullptr) sends_.push_back(*send);
  return send;
}

// A result, a notification, or a result after which none comes: only the flags tell.
void ReleaseQueue::on_completion(ZeroCopySend& send, ring::IoResult result) {
  const bool is_last = send.is_released();
  // The sender is there until it has the result.
  if (!result.is_notification()) sender_->on_zero_copy_result(send, result);
  if (is_last) on_report(send, result);
  if (!is_last) return;
  if (sender_ != nullptr) {
    sender_->on_released();
    return;
  }
  release_in_order();
  if (empty()) transport_.give_back(*this);
}

// Of a send that took nothing (cancelled, refused, broken) the kernel says that it copied: that means nothing.
void ReleaseQueue::on_report(const ZeroCopySend& send, ring::IoResult result) {
  const bool is_report = result.is_notification() && send.has_sent();
  const bool copied = is_report && static_cast<std::uint32_t>(result.value) == ring::kZeroCopyWasCopied;
  if (copied) transport_.counters().zero_copy_copied_sends.add();
  const base::Instant now = transport_.core().now();
  for (ZeroCopyTrial* trial : {sender_ != nullptr ? &sender_->trial() : nullptr, &listener_trial_}) {
    if (trial == nullptr) continue;
    if (is_report) {
      trial->on_report(copied, now);
    } else {
      trial->on_no_report();
    }
  }
}

void ReleaseQueue::release_in_order() noexcept {
  while (!sends_.empty() && sends_.front().is_released()) {
    ZeroCopySend& oldest = sends_.front();
    sends_.pop_front();
    held_chunks_ -= oldest.held().count();
    transport_.zero_copy_sends().give_back(oldest);
  }
}

void ReleaseQueue::leave_alone() noexcept {
  sender_ = nullptr;
  if (empty()) transport_.give_back(*this);
}

void ReleaseQueue::abandon() noexcept {
  for (ZeroCopySend& send : sends_) transport_.ring().abandon(send.completion());
  release_in_order();
}

}  // namespace corering::net
