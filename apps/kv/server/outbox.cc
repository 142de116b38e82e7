#include "kv/server/outbox.h"

#include "kv/server/node.h"
#include "kv/server/server.h"

namespace kv {

namespace {

struct Posted {
  Node* node;
  Parcel* first;
};

void open_all(corering::runtime::Core& here, const corering::runtime::Message& message) {
  const auto posted = message.payload<Posted>();
  Server& server = *posted.node->servers[here.id().value];
  Parcel* next = posted.first;
  while (next != nullptr) {
    Parcel& parcel = *next;
    next = parcel.next;  // first: opening it may send it on
    parcel.open(server, parcel);
  }
}

}  // namespace

Outbox::Outbox(corering::runtime::Core& core, Node& node) : core_(core), node_(node), bags_(node.slots.core_count()) {}

Outbox::~Outbox() { core_.flush_list().remove(flushable_); }

void Outbox::send(unsigned core, Parcel& parcel, Parcel::Open open) noexcept {
  parcel.open = open;
  parcel.next = nullptr;
  Bag& bag = bags_[core];
  if (bag.first == nullptr) {
    bag.first = bag.last = &parcel;
  } else {
    bag.last->next = &parcel;
    bag.last = &parcel;
  }
  ++waiting_;
  core_.flush_list().add(flushable_);
}

// A bag that its mailbox refuses waits for the next turn.
void Outbox::flush() {
  waiting_ = 0;
  for (std::size_t to = 0; to < bags_.size(); ++to) {
    Bag& bag = bags_[to];
    if (bag.first == nullptr) continue;
    const corering::runtime::CoreId core{static_cast<std::uint16_t>(to)};
    if (core_.try_post(core, {&open_all, Posted{&node_, bag.first}})) {
      bag = {};
    } else {
      ++waiting_;
    }
  }
  if (waiting_ != 0) core_.flush_list().add(flushable_);
}

}  // namespace kv
