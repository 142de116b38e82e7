// MemcachedSession: one connection of a memcached client, text or meta, over the same keys, in database 0.
//
// As RespSession, but one request at a time: commands are executed as they are found, those of another core as errands of one command.
//
// Thread, lifetime: as RespSession.
#pragma once

#include <cstdint>
#include <memory>

#include "corering/net/session.h"
#include "kv/commands/memcached.h"
#include "kv/protocol/memcached_parser.h"
#include "kv/protocol/request_reader.h"
#include "kv/server/server.h"
#include "kv/session/connection_sink.h"
#include "kv/session/landing.h"

namespace kv {

class MemcachedSession final : public corering::net::Session, public Client, private Employer, private Borrower, private KeyWaiter {
 public:
  MemcachedSession(Server& server, corering::net::Connection& connection);
  ~MemcachedSession() override;

  void on_data(corering::net::Connection& connection) override;
  void on_landed(corering::net::Connection& connection) override;
  void on_input_full(corering::net::Connection&) override {}
  void on_end(corering::net::Connection& connection) override;
  void on_drain(corering::net::Connection&) override { work(); }
  void on_close(corering::net::Connection& connection) override;

  void on_authenticated() override {}
  int descriptor() const noexcept override { return connection_.socket().index; }
  std::size_t input_bytes() const noexcept override;
  std::size_t output_bytes() const noexcept override { return sink_.bytes(); }
  bool is_blocked() const noexcept override { return wait_ != Wait::nothing; }
  void send_out_of_turn(std::string_view) override {}
  void close_after_reply() override { is_over_ = true; }
  void kill() override { connection_.abort(); }

 private:
  enum class Wait : std::uint8_t { nothing, errand, keys, own_keys, landing };

  void work();
  bool advance();
  bool take(protocol::Outcome outcome);
  bool is_closing() const noexcept { return connection_.state() >= corering::net::ConnectionState::closing; }
  void drop() noexcept;
  bool has_piece() const noexcept { return piece_ || kept_piece_ != nullptr; }
  void release_piece() noexcept {
    piece_ = {};
    kept_piece_.reset();
  }
  void keep_piece();
  void wake();

  void dispatch();
  void run_here();
  void start_errand(unsigned core);
  void start_borrowing();
  void write_statistics();

  void begin_landing();

  void run(Server& there, unsigned index, protocol::ReplySink& sink) override;
  void refuse(Server& there, unsigned index, protocol::ReplySink& sink) override;
  bool find_cold_key(Server& there, unsigned index, unsigned& number, std::string_view& key) override;
  void on_errand_home(Errand& errand) override;
  bool find_cold_key(Server& there, unsigned& number, std::string_view& key) override;
  void on_borrowed(Borrowing& borrowing) override;
  void on_keys_home() override;

  Server& server_;
  corering::net::Connection& connection_;
  ConnectionSink sink_;
  protocol::MemcachedWriter writer_;
  protocol::RequestReader<protocol::MemcachedParser> reader_;
  corering::net::Slice piece_;          // what the request refers to,
  std::unique_ptr<char[]> kept_piece_;  // or its bytes, when chunks are short
  protocol::MemcachedRequest request_;
  Wait wait_ = Wait::nothing;
  bool is_over_ = false;
  bool has_ended_ = false;
  bool is_starting_ = false;
  Errand* errand_ = nullptr;
  Landing landing_;
};

}  // namespace kv
