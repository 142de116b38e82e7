// Borrowing: the keyspaces of several cores, in one hand for one command (or one transaction).
//
// They are borrowed one after the other, in the order of their cores' numbers, the own one among them, so that two borrowers cannot wait
// for each other. A core lends when its keyspace is at home and the items of the keys are in memory. Cost: two messages per core until the
// command runs, two more afterwards, which nobody waits for.
//
// Thread: home, but for what a Loan does at its lender. Lifetime: borrowed from its home server's pool; gives itself back when all
// keyspaces are back and their cores have said so.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kv/server/gathering.h"
#include "kv/server/lending.h"
#include "kv/server/outbox.h"

namespace kv {

class Borrowing;

class Borrower {
 public:
  // The keys that the command uses, that live on this core, and that have to be brought up first.
  virtual void find_cold_keys(Server& there, ColdKeys& cold) = 0;
  // All keyspaces are here: run, or answer with an error if borrowing.has_failed(); then call give_back(), now or later.
  virtual void on_borrowed(Borrowing& borrowing) = 0;

 protected:
  ~Borrower() = default;
};

// One keyspace's part of it.
class Loan final : public Parcel, private KeyWaiter {
 public:
  Loan() = default;
  // Only before it is used, when vectors grow.
  Loan(Loan&&) noexcept {}

 private:
  friend class Borrowing;
  void proceed(Server& there);
  void on_keys_home() override { proceed(*there_); }
  void on_gathered() { proceed(*there_); }

  Borrowing* borrowing_ = nullptr;
  unsigned core_ = 0;
  Server* there_ = nullptr;
  bool has_failed_ = false;
  Gathering gathering_ = Gathering::to<&Loan::on_gathered>(this);
};

class Borrowing {
 public:
  explicit Borrowing(Server& home) noexcept : home_(home) {}
  Borrowing(const Borrowing&) = delete;
  Borrowing& operator=(const Borrowing&) = delete;

  // A core whose keyspace is needed. Adding it twice is adding it once.
  void add(unsigned core);
  void add_all();
  // Whether it is this one core's only, or none's.
  bool is_only(unsigned core) const noexcept;

  // Requires: at least one core. The borrower may be called before this returns.
  void start(Borrower& borrower);

  // Some item could not be brought up: what the command would find is not true. Requires: on_borrowed was called.
  bool has_failed() const noexcept;

  // Gives back what was borrowed, and in the end itself. Requires: on_borrowed was called.
  void give_back();

  // Instead of start: nothing is needed after all.
  void forget();

 private:
  friend class Loan;

  void require_next();
  void on_granted();
  void on_returned();

  Server& home_;
  Borrower* borrower_ = nullptr;
  std::vector<bool> needed_;  // by core
  std::vector<Loan> loans_;   // by core
  unsigned next_ = 0;
  unsigned out_ = 0;  // keyspaces that are not back
};

}  // namespace kv
