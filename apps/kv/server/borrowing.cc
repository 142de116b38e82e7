#include "kv/server/borrowing.h"

#include <algorithm>

#include "kv/server/server.h"

namespace kv {

void Loan::proceed(Server& there) {
  there_ = &there;
  if (!there.lending().is_home()) {
    gathering_.release();
    there.lending().await(*this);
    return;
  }
  there.enter_turn();
  if (there.has_tiers() && !has_failed_) {
    ColdKeys cold(gathering_.names());
    there.keyspace().show(&gathering_.names());
    borrowing_->borrower_->find_cold_keys(there, cold);
    there.keyspace().show(nullptr);
    if (!cold.empty()) {
      there.statistics().cold_waits.add();
      if (gathering_.try_start(there.keyspace(), cold)) return there.want_turn();
      has_failed_ = true;
    }
  }
  if (there.is_inside_cache()) return there.await_outside(*this);
  if (there.has_tiers()) there.keyspace().show(&gathering_.names());  // until it comes back
  there.lend();
  if (core_ == borrowing_->home_.number()) return borrowing_->on_granted();
  there.outbox().send(borrowing_->home_.number(), *this,
                      [](Server&, Parcel& parcel) { static_cast<Loan&>(parcel).borrowing_->on_granted(); });
}

void Borrowing::add(unsigned core) {
  if (needed_.empty()) needed_.resize(home_.core_count());
  needed_[core] = true;
}

void Borrowing::add_all() {
  for (unsigned core = 0; core < home_.core_count(); ++core) add(core);
}

bool Borrowing::is_only(unsigned core) const noexcept {
  for (unsigned other = 0; other < needed_.size(); ++other) {
    if (needed_[other] && other != core) return false;
  }
  return true;
}

void Borrowing::start(Borrower& borrower) {
  borrower_ = &borrower;
  home_.statistics().borrowings.add();
  loans_.resize(needed_.size());
  for (unsigned core = 0; core < loans_.size(); ++core) {
    loans_[core].borrowing_ = this;
    loans_[core].core_ = core;
  }
  require_next();
}

void Borrowing::require_next() {
  while (next_ < needed_.size() && !needed_[next_]) ++next_;
  if (next_ == needed_.size()) return borrower_->on_borrowed(*this);
  Loan& loan = loans_[next_++];
  if (loan.core_ == home_.number()) return loan.proceed(home_);
  home_.outbox().send(loan.core_, loan, [](Server& there, Parcel& parcel) { static_cast<Loan&>(parcel).proceed(there); });
}

void Borrowing::on_granted() {
  ++out_;
  require_next();
}

bool Borrowing::has_failed() const noexcept {
  return std::ranges::any_of(loans_, [](const Loan& loan) { return loan.has_failed_; });
}

void Borrowing::give_back() {
  bool own = false;
  for (unsigned core = 0; core < needed_.size(); ++core) {
    if (!needed_[core]) continue;
    if (core == home_.number()) {
      own = true;
      continue;
    }
    home_.outbox().send(core, loans_[core], [](Server& there, Parcel& parcel) {
      auto& loan = static_cast<Loan&>(parcel);
      there.outbox().send(loan.borrowing_->home_.number(), loan,
                          [](Server&, Parcel& returned) { static_cast<Loan&>(returned).borrowing_->on_returned(); });
      there.take_back();
    });
  }
  if (!own) return;
  Server& home = home_;  // this may be gone before those who wait have run
  on_returned();
  home.take_back();
}

void Borrowing::on_returned() {
  if (--out_ == 0) forget();
}

void Borrowing::forget() { home_.give_back(*this); }

}  // namespace kv
