// Outbox: what a core has for the others: everything of a turn for one core travels together, as one message.
//
// A Parcel is embedded in whatever is sent, and stays where it is: only its address travels. Whoever opens it there sends it back, or hands
// its owner over in another way; so a mailbox that is full delays, and never loses, anything.
//
// Thread: its core's. Lifetime: a parcel stays while it is under way. Cost: two stores per parcel, one message per core and turn.
#pragma once

#include <cstddef>
#include <vector>

#include "corering/runtime/core.h"
#include "corering/runtime/flushable.h"

namespace kv {

class Server;
struct Node;

struct Parcel {
  using Open = void (*)(Server& there, Parcel& parcel);

  Open open = nullptr;  // on the core that it was sent to
  Parcel* next = nullptr;
};

class Outbox {
 public:
  Outbox(corering::runtime::Core& core, Node& node);
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;
  ~Outbox();

  // Opens the parcel on that core in a later turn; parcels for one core keep their order. Requires: it is not under way; another core.
  void send(unsigned core, Parcel& parcel, Parcel::Open open) noexcept;

  bool empty() const noexcept { return waiting_ == 0; }

 private:
  struct Bag {
    Parcel* first = nullptr;
    Parcel* last = nullptr;
  };

  void flush();

  corering::runtime::Core& core_;
  Node& node_;
  std::vector<Bag> bags_;  // by core
  std::size_t waiting_ = 0;
  corering::runtime::Flushable flushable_ = corering::runtime::Flushable::to<&Outbox::flush>(this);
};

}  // namespace kv
