// Errand: some commands of one client, carried out on the core that owns their keys.
//
// It refers to the commands where they lie, in the chunks that their connection holds, and takes memory for the replies along. Where it
// arrives it waits for whatever the commands need (the keyspace to be at home, items of the file), runs them in order, and goes home.
//
// Thread: home, there, home again, by message. Lifetime: borrowed from its home server's pool until it is home.
#pragma once

#include <array>
#include <cstdint>

#include "kv/server/gathering.h"
#include "kv/server/lending.h"
#include "kv/server/outbox.h"
#include "kv/session/reply_buffer.h"

namespace kv {

class Errand;

// Whose commands they are.
class Employer {
 public:
  // Runs the command; its reply goes to the sink. `there` owns its keys, which are in memory.
  virtual void run(Server& there, unsigned index, protocol::ReplySink& sink) = 0;
  // Answers that the keys' items cannot be read.
  virtual void refuse(Server& there, unsigned index, protocol::ReplySink& sink) = 0;
  // The keys of the command that have to be brought up first.
  virtual void find_cold_keys(Server& there, unsigned index, ColdKeys& cold) = 0;
  // At home again. May give the errand back.
  virtual void on_errand_home(Errand& errand) = 0;

 protected:
  ~Employer() = default;
};

class Errand final : public Parcel, private KeyWaiter {
 public:
  static constexpr std::size_t kCallsMax = 64;

  Errand(Server& home, Employer& employer, unsigned core) noexcept : home_(home), employer_(employer), core_(core) {}
  ~Errand() = default;

  unsigned core() const noexcept { return core_; }
  void add(unsigned index) noexcept { indexes_[count_++] = static_cast<std::uint8_t>(index); }

  // Sets out. With `there` the home core it may be done when this returns.
  void start();

  // At home: the replies of the next of its commands.
  template <typename OnText, typename OnReference>
  void take_next(OnText&& on_text, OnReference&& on_reference) {
    replies_.take(ends_[taken_++], on_text, on_reference);
  }

 private:
  void proceed(Server& there);
  bool needs_fetch(Server& there);
  void go_home(Server& there);
  void on_keys_home() override { proceed(*there_); }
  void on_gathered() { proceed(*there_); }

  Server& home_;
  Employer& employer_;
  const unsigned core_;
  Server* there_ = nullptr;
  std::uint8_t count_ = 0;
  std::uint8_t next_ = 0;
  std::uint8_t taken_ = 0;
  bool is_refused_ = false;
  std::array<std::uint8_t, kCallsMax> indexes_;
  std::array<std::size_t, kCallsMax> ends_;
  ReplyBuffer replies_;
  Gathering gathering_ = Gathering::to<&Errand::on_gathered>(this);
};

}  // namespace kv
