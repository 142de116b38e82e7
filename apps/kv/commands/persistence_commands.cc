// SAVE, BGSAVE, LASTSAVE, BGREWRITEAOF and SHUTDOWN.
//
// There are no snapshots: with a file tier what is stored is made durable all the time, within --l3_sync_ms; SAVE waits until that is done,
// BGSAVE asks for it now. Without a file nothing ever is.

#include <algorithm>
#include <limits>
#include <memory>
#include <string>

#include "corering/cache/cache.h"
#include "kv/commands/command.h"
#include "kv/commands/errors.h"
#include "kv/commands/server_commands.h"
#include "kv/protocol/ascii.h"
#include "kv/server/server.h"

namespace kv {

namespace {

using protocol::equals_ignoring_case;

constexpr std::string_view kNoFile = "ERR nothing can be saved: the server was started without a file tier (--l3_path)";
constexpr std::string_view kFull = "ERR not everything could be saved: a file is full, raise --l3_bytes";
constexpr std::uint64_t kCutShortMax = 2;  // rounds, before SAVE gives up
constexpr std::string_view kFailed = "ERR nothing is saved: a file has failed, see the server's log";

// A sync point on all cores, one after the other.
class SaveTour final : public Tour {
 public:
  bool needs_keys() const noexcept override { return true; }

  bool must_wait(Server& there, KeyWaiter& waiter) override {
    FileKeeper& keeper = there.file_keeper();
    if (!is_asked_) {
      is_asked_ = true;
      ticket_ = there.request_sync();
      cut_short_ = keeper.rounds_cut_short();
    }
    if (keeper.is_over(ticket_)) return false;
    if (keeper.rounds_cut_short() - cut_short_ >= kCutShortMax) {
      is_full_ = true;
      return false;
    }
    keeper.await_sync(waiter);
    return true;
  }

  void visit(Server& there) override {
    is_asked_ = false;
    is_sound_ = is_sound_ && there.file_keeper().is_healthy();
  }

  void conclude(Client&, protocol::RespWriter& reply) override {
    if (!is_sound_) return reply.error(kFailed);
    if (is_full_) return reply.error(kFull);
    reply.ok();
  }

 private:
  // On the core that is visited:
  bool is_asked_ = false;
  std::uint64_t ticket_ = 0;
  std::uint64_t cut_short_ = 0;
  bool is_sound_ = true;
  bool is_full_ = false;
};

// Only asks for it.
class BackgroundSaveTour final : public Tour {
 public:
  bool needs_keys() const noexcept override { return true; }
  void visit(Server& there) override {
    is_sound_ = is_sound_ && there.file_keeper().is_healthy();
    there.request_sync();
  }
  void conclude(Client&, protocol::RespWriter& reply) override {
    if (!is_sound_) return reply.error(kFailed);
    reply.simple_string("Background saving started");
  }

 private:
  bool is_sound_ = true;
};

// What was stored before is durable on every core.
class LastSaveTour final : public Tour {
 public:
  void visit(Server& there) override { synced_ms_ = std::min(synced_ms_, there.file_keeper().synced_ms()); }
  void conclude(Client&, protocol::RespWriter& reply) override { reply.integer(synced_ms_ / 1000); }

 private:
  std::int64_t synced_ms_ = std::numeric_limits<std::int64_t>::max();
};

}  // namespace

void save_command(Call& call) {
  if (!call.server->has_file()) return call.reply.error(kNoFile);
  call.client->travel(std::make_unique<SaveTour>());
}

void bgsave_command(Call& call) {
  if (call.arguments.size() > 2 || (call.arguments.size() == 2 && !equals_ignoring_case(call.arguments[1], "schedule"))) {
    return call.reply.error(errors::kSyntax);
  }
  if (!call.server->has_file()) return call.reply.error(kNoFile);
  call.client->travel(std::make_unique<BackgroundSaveTour>());
}

void bgrewriteaof_command(Call& call) {
  call.reply.error("ERR there is no append-only file: the file tier (--l3_path) needs no rewriting");
}

// Without a file as Redis, which counts its start as a save.
void lastsave_command(Call& call) {
  if (!call.server->has_file()) return call.reply.integer(call.server->node().started_ms / 1000);
  call.client->travel(std::make_unique<LastSaveTour>());
}

// No answer if it succeeds: the connection ends when the server has drained.
void shutdown_command(Call& call) {
  bool saves = false;
  bool discards = false;
  bool aborts = false;
  for (const std::string_view option : call.arguments.subspan(1)) {
    if (equals_ignoring_case(option, "save")) {
      saves = true;
    } else if (equals_ignoring_case(option, "nosave")) {
      discards = true;
    } else if (equals_ignoring_case(option, "abort")) {
      aborts = true;
    } else if (!equals_ignoring_case(option, "now") && !equals_ignoring_case(option, "force")) {
      return call.reply.error(errors::kSyntax);
    }
  }
  if ((saves && discards) || (aborts && call.arguments.size() > 2)) return call.reply.error(errors::kSyntax);
  // A shutdown cannot be called back: from the order to its end no command is executed.
  if (aborts) return call.reply.error("ERR No shutdown in progress.");
  if (saves && !call.server->has_file()) return call.reply.error(kNoFile);
  if (discards) call.server->node().saves_at_stop.store(false, std::memory_order_relaxed);
  call.client->close_after_reply();
  if (call.server->node().request_stop) call.server->node().request_stop();
}

}  // namespace kv
