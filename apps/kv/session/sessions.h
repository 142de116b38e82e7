// The sessions of a core's connections, by protocol.
//
// Thread: its core's.
#pragma once

#include "corering/mem/object_pool.h"
#include "corering/net/session.h"
#include "kv/session/batch_pool.h"
#include "kv/session/memcached_session.h"
#include "kv/session/resp_session.h"

namespace kv {

class RespSessions final : public corering::net::SessionFactory {
 public:
  RespSessions(Server& server, std::size_t connections_max)
      : server_(server), pool_({.live_max = connections_max, .room = corering::mem::Room::app}) {}

  corering::net::Session* try_open(corering::net::Connection& connection) override {
    return pool_.try_borrow(server_, batches_, connection);
  }
  void close(corering::net::Session& session) noexcept override { pool_.give_back(static_cast<RespSession&>(session)); }

 private:
  Server& server_;
  BatchPool batches_;
  corering::mem::ObjectPool<RespSession> pool_;
};

class MemcachedSessions final : public corering::net::SessionFactory {
 public:
  MemcachedSessions(Server& server, std::size_t connections_max)
      : server_(server), pool_({.live_max = connections_max, .room = corering::mem::Room::app}) {}

  corering::net::Session* try_open(corering::net::Connection& connection) override { return pool_.try_borrow(server_, connection); }
  void close(corering::net::Session& session) noexcept override { pool_.give_back(static_cast<MemcachedSession&>(session)); }

 private:
  Server& server_;
  corering::mem::ObjectPool<MemcachedSession> pool_;
};

}  // namespace kv
