// SAVE, BGSAVE, LASTSAVE, BGREWRITEAOF and SHUTDOWN.
//
// There are no snapshots: with a file tier what is stored is made durable all the time, within --l3_sync_ms, and without one never.

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
constexpr std::string_view kAlways = "ERR SAVE would block: what is stored is made durable all the time, within --l3_sync_ms";

// Whether files are sound, on all cores.
class FilesTour final : public Tour {
 public:
  bool needs_keys() const noexcept override { return true; }
  void visit(Server& there) override {
    const corering::cache::Log* const log = there.keyspace().cache().log();
    is_sound_ = is_sound_ && log != nullptr && log->file_state() == corering::cache::FileState::healthy;
  }
  void conclude(Client&, protocol::RespWriter& reply) override {
    if (!is_sound_) return reply.error("ERR nothing is saved: a file is being recovered, or has failed");
    reply.simple_string("Background saving started");
  }

 private:
  bool is_sound_ = true;
};

}  // namespace

void save_command(Call& call) { call.reply.error(call.server->has_file() ? kAlways : kNoFile); }

void bgsave_command(Call& call) {
  if (call.arguments.size() > 2 || (call.arguments.size() == 2 && !equals_ignoring_case(call.arguments[1], "schedule"))) {
    return call.reply.error(errors::kSyntax);
  }
  if (!call.server->has_file()) return call.reply.error(kNoFile);
  call.client->travel(std::make_unique<FilesTour>());
}

void bgrewriteaof_command(Call& call) {
  call.reply.error("ERR there is no append-only file: the file tier (--l3_path) needs no rewriting");
}

// As Redis, which counts its start as a save.
void lastsave_command(Call& call) {
  call.reply.integer((call.server->has_file() ? call.now_ms : call.server->node().started_ms) / 1000);
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
  call.client->close_after_reply();
  if (call.server->node().request_stop) call.server->node().request_stop();
}

}  // namespace kv
