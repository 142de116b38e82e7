// RespSession: one connection of a Redis client: its requests to commands, its replies in order.
//
// Requests are parsed ahead, as many as a chunk holds, and executed in order. What can be done here and now is, and its reply is composed
// in the chunk that it leaves from. For everything else the session waits, with the chunk in its hands, and its connection goes on
// when it is done:
//
//   errands   a run of commands with their keys on one core each, some of it another: each core gets its part, the replies are put
//             together in the order of the requests (server/errand.h)
//   keys      of several cores, or all: borrowed, then the command runs here (server/borrowing.h)
//   a tour    of a command that asks, or tells, all cores (server/tour.h)
//   a pause   CLIENT PAUSE
//   landing   a large value, which is received where it is to stay
//
// Thread: the connection's core; for the part of Employer and Borrower that names a core: that one. Lifetime: as net::Session.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "corering/net/session.h"
#include "kv/protocol/request_reader.h"
#include "kv/protocol/resp_parser.h"
#include "kv/server/server.h"
#include "kv/session/batch_pool.h"
#include "kv/session/connection_sink.h"
#include "kv/session/landing.h"

namespace kv {

class RespSession final : public corering::net::Session,
                          public Client,
                          private Employer,
                          private Borrower,
                          private Traveller,
                          private KeyWaiter {
 public:
  RespSession(Server& server, BatchPool& batches, corering::net::Connection& connection);
  ~RespSession() override;

  // For the connection.
  void on_data(corering::net::Connection& connection) override;
  void on_landed(corering::net::Connection& connection) override;
  void on_input_full(corering::net::Connection& connection) override;
  void on_end(corering::net::Connection& connection) override;
  void on_drain(corering::net::Connection& connection) override;
  void on_close(corering::net::Connection& connection) override;

  // For commands.
  void on_authenticated() override;
  int descriptor() const noexcept override { return static_cast<int>(connection_.socket().index); }
  std::size_t input_bytes() const noexcept override;
  std::size_t output_bytes() const noexcept override { return sink_.bytes(); }
  // A tour is the command at work, not one that waits.
  bool is_blocked() const noexcept override { return wait_ != Wait::nothing && wait_ != Wait::tour; }
  void send_out_of_turn(std::string_view bytes) override;
  void close_after_reply() override { is_over_ = true; }
  void kill() override { connection_.abort(); }

 private:
  static constexpr std::size_t kOutputToRegulate = std::size_t{1} << 20;  // less is never too much

  enum class Wait : std::uint8_t { nothing, errands, keys, own_keys, tour, pause, landing };
  enum class Route : std::uint8_t { here, core, several };

  struct Destination {
    Route route = Route::here;
    unsigned core = 0;
  };

  void work();
  bool advance();
  bool is_closing() const noexcept { return connection_.state() >= corering::net::ConnectionState::closing; }

  // Parsing ahead.
  bool parse();
  bool take_piece();
  bool has_piece() const noexcept { return piece_ || kept_piece_ != nullptr; }
  void release_piece() noexcept {
    piece_ = {};
    kept_piece_.reset();
  }
  void keep_piece();
  void fill(unsigned count_max);
  void break_off();
  void end_batch() noexcept;
  void drop_requests() noexcept;

  // One command.
  void step();
  bool run_plain();
  const Command* admit(std::span<const std::string_view> arguments);
  void treat_replies(std::span<const std::string_view> arguments);
  const char* refusal_of(const Command& command, std::span<const std::string_view> arguments);
  bool try_queue(const Command& command, std::span<const std::string_view> arguments);
  bool must_pause(const Command& command) const noexcept;
  Destination destination_of(const Command& command, std::span<const std::string_view> arguments) const;
  void dispatch(const Command& command);
  void run_here(const Command& command, std::span<const std::string_view> arguments);
  void after_command();
  void done_with_command();

  void regulate_output();

  // Waiting.
  void wake();

  // Errands.
  void start_errands(const Command& first, unsigned core);
  bool suits_errand(unsigned index, unsigned& core);
  void put_replies_together();
  void run(Server& there, unsigned index, protocol::ReplySink& sink) override;
  void refuse(Server& there, unsigned index, protocol::ReplySink& sink) override;
  void find_cold_keys(Server& there, unsigned index, ColdKeys& cold) override;
  void on_errand_home(Errand& errand) override;

  // Keys of several cores.
  void start_borrowing(const Command& command);
  void find_cold_keys(Server& there, ColdKeys& cold) override;
  void on_borrowed(Borrowing& borrowing) override;
  void run_transaction();
  bool has_changed(const WatchedKey& watched);
  void start_transaction(const Command& command);
  void finish_transaction();
  void borrow(Borrowing& borrowing, const Command& command);
  unsigned core_of(std::string_view key) const noexcept { return static_cast<unsigned>(server_.node().slots.core_of(key)); }
  bool has_cold_key(const Command& command, std::span<const std::string_view> arguments);
  void finish_borrowing();

  // Tours.
  bool try_tour();
  void start_tour();
  void on_tour_ended() override;

  void on_keys_home() override { wake(); }

  // Landing.
  bool begin_landing();
  corering::cache::Reservation reserve(std::size_t bytes);
  void finish_landing();
  void run_landed_set(const Command& command);

  Server& server_;
  corering::net::Connection& connection_;
  BatchPool& batches_;
  ConnectionSink sink_;
  protocol::RespWriter writer_;
  protocol::RequestReader<protocol::RespParser> reader_;
  corering::net::Slice piece_;                                 // what the requests refer to,
  std::unique_ptr<char[]> kept_piece_;                         // or its bytes, when chunks are short
  RequestBatch* batch_ = nullptr;                              // or none
  protocol::ArgumentList unfinished_;                          // a request of which not all has come
  protocol::Outcome outcome_ = protocol::Outcome::incomplete;  // what ended the piece
  Wait wait_ = Wait::nothing;
  bool is_over_ = false;      // nothing more is executed, or read
  bool has_ended_ = false;    // nothing more will come
  bool is_starting_ = false;  // what is begun may be done before it begins to wait
  bool is_working_ = false;
  unsigned errands_out_ = 0;
  Borrowing* borrowing_ = nullptr;
  const Command* command_ = nullptr;  // that keys, or a tour, are for
  std::size_t transaction_next_ = 0;  // of transaction.calls(), while EXEC runs
  bool is_executing_ = false;         // EXEC
  TourGuide* guide_ = nullptr;
  Landing landing_;
  std::string refusal_text_;
  corering::base::Instant above_soft_limit_since_ = corering::base::Instant::never();
};

}  // namespace kv
