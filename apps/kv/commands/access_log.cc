#include "kv/commands/access_log.h"

#include <string>

#include "kv/commands/client_description.h"
#include "kv/server/server.h"

namespace kv {

namespace {

void log(const Client& client, std::string_view reason, std::string_view object, std::string_view user) {
  AccessLogEntry entry;
  entry.reason = reason;
  entry.context = client.transaction.is_open() ? "multi" : "toplevel";
  entry.object = object;
  entry.user = user;
  entry.at_ms = client.server().now_ms();
  entry.client = describe(client);
  client.server().access().log(std::move(entry));
}

}  // namespace

void log_refusal(const Client& client, const Refusal& refusal) {
  const std::string_view reason = refusal.reason == Refusal::Reason::key       ? "key"
                                  : refusal.reason == Refusal::Reason::channel ? "channel"
                                                                               : "command";
  log(client, reason, refusal.object, client.user == nullptr ? std::string_view() : std::string_view(client.user->name));
}

void log_failed_login(const Client& client, std::string_view user) { log(client, "auth", "AUTH", user); }

}  // namespace kv
