// Client: what a connection is to the commands: what it has chosen, who it is, what it has subscribed to, how to reach it.
//
// Handlers of connection and server commands read and change it. What they cannot do at once they leave to it: travel() for questions to
// all cores, close_after_reply() for QUIT. Its session (RespSession, MemcachedSession) is the other half, and never seen by commands.
//
// Thread: the core that accepted the connection, for ever: other cores reach it by a Tour or a Notice. Lifetime: until the connection has
// closed; while it is a member of Server::clients() it may be used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

#include "corering/base/clock.h"
#include "corering/base/intrusive.h"
#include "kv/protocol/resp_writer.h"
#include "kv/server/tour.h"
#include "kv/session/transaction.h"

namespace kv {

struct Command;
struct User;
class Server;
struct ClientTag;

enum class ClientProtocol : std::uint8_t { resp, memcached };

// CLIENT REPLY.
enum class ReplyMode : std::uint8_t {
  on,
  off,
  skip_next,  // the answer of the next command is dropped
  skipping,   // that is this one
};

// What a client has subscribed to, by kind of subscription.
struct Subscriptions {
  std::unordered_set<std::string> channels;
  std::unordered_set<std::string> patterns;
  std::unordered_set<std::string> shard_channels;

  std::size_t count() const noexcept { return channels.size() + patterns.size(); }  // as replies to SUBSCRIBE tell it
  bool empty() const noexcept { return count() == 0 && shard_channels.empty(); }
};

class Client : public corering::base::ListHook<ClientTag> {
 public:
  Client(Server& server, ClientProtocol protocol);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  virtual ~Client();

  Server& server() const noexcept { return server_; }
  std::uint64_t id() const noexcept { return id_; }  // unique in this process, growing
  ClientProtocol protocol() const noexcept { return protocol_; }

  // What it has chosen.
  unsigned database = 0;
  protocol::RespVersion version = protocol::RespVersion::resp2;
  std::string name;
  std::string library_name;
  std::string library_version;
  ReplyMode reply_mode = ReplyMode::on;
  bool no_evict = false;
  bool no_touch = false;
  bool is_monitor = false;  // a member of Server::monitors too
  Transaction transaction;
  Subscriptions subscriptions;

  // Who it is. A stranger may call only commands with kNoAuth.
  const User* user = nullptr;  // of Server::access(); null: a stranger
  bool is_stranger() const noexcept { return user == nullptr; }
  virtual void on_authenticated() = 0;  // call it after `user` has changed: the limits for strangers go or come

  // For CLIENT LIST.
  const std::string& peer_address() const;  // "127.0.0.1:51234", or the Unix socket's path with ":0"; "?:0" if it has gone
  const std::string& local_address() const;
  virtual int descriptor() const noexcept = 0;
  corering::base::Instant created_at;
  corering::base::Instant active_at;      // when it last said something
  const Command* last_command = nullptr;  // null: none yet
  std::uint64_t command_count = 0;
  virtual std::size_t input_bytes() const noexcept = 0;   // received and not understood yet
  virtual std::size_t output_bytes() const noexcept = 0;  // replies that have not left
  virtual bool is_blocked() const noexcept = 0;           // a command waits: for a file, other cores, or the end of a pause

  // Bytes out of turn: pushes, messages, lines of MONITOR; they join behind what is written. Closes the connection, and counts, if it
  // takes so little that its limit is exceeded (client-output-buffer-limit).
  virtual void send_out_of_turn(std::string_view bytes) = 0;

  // The connection ends: when the replies so far have left, or at once (CLIENT KILL of another).
  virtual void close_after_reply() = 0;
  virtual void kill() = 0;

  // Leaves the answer of the command under execution to a tour. Once per command, from its handler only.
  void travel(std::unique_ptr<Tour> tour) noexcept { tour_ = std::move(tour); }
  std::unique_ptr<Tour> take_tour() noexcept { return std::move(tour_); }
  bool is_to_travel() const noexcept { return tour_ != nullptr; }

  // RESET: everything as it was after connecting, the user too.
  void reset();

 private:
  Server& server_;
  const std::uint64_t id_;
  const ClientProtocol protocol_;
  std::unique_ptr<Tour> tour_;
  mutable std::string peer_address_;  // found when somebody asks
  mutable std::string local_address_;
};

}  // namespace kv
