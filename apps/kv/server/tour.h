// Tour: one question to all cores, or one order for them: CLIENT LIST, CONFIG SET, INFO, PUBLISH.
//
// A handler never waits, so what needs other cores it leaves behind as a Tour. The client's later commands wait while it travels: it
// visits one core after the other, in the order of their numbers, each on that core's own thread, so it may read and change whatever is
// that core's (its clients, configuration, statistics, slow log) and carry what it has found, without a lock. Back home it answers.
//
//   class NameClients final : public Tour {
//     void visit(Server& there) override { for (Client& client : there.clients()) names_.push_back(client.name); }
//     void conclude(Client&, protocol::RespWriter& reply) override { reply.array(names_.size()); ... }
//   };
//   call.client->travel(std::make_unique<NameClients>());      // and the handler returns without an answer
//
// Thread: of the core that it visits; conclude: the client's. Lifetime: dies at home. A client that has gone is not answered, but the
// tour is finished. Arguments of the call are valid until it ends.
#pragma once

#include "kv/protocol/resp_writer.h"

namespace kv {

class Client;
class KeyWaiter;
class Server;

class Tour {
 public:
  virtual ~Tour() = default;

  virtual void visit(Server& there) = 0;

  // Writes exactly one reply.
  virtual void conclude(Client& client, protocol::RespWriter& reply) = 0;

  // Something that visit() has to wait for: true if the tour was left with `waiter`, who brings it here again.
  virtual bool must_wait(Server& there, KeyWaiter& waiter) {
    static_cast<void>(there);
    static_cast<void>(waiter);
    return false;
  }

  // Whether visit() uses the core's keyspace: then it waits until that is at home.
  virtual bool needs_keys() const noexcept { return false; }
};

// Notice: one-way news for another core, such as a line for its monitors. Told once, there, then deleted. See Server::tell.
class Notice {
 public:
  virtual ~Notice() = default;
  virtual void tell(Server& there) = 0;
};

}  // namespace kv
