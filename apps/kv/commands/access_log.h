// What ACL LOG is told.
#pragma once

#include <string_view>

#include "kv/server/access.h"
#include "kv/session/client.h"

namespace kv {

// A command, key or channel that the client's user may not use.
void log_refusal(const Client& client, const Refusal& refusal);

// A user, or its password, that does not exist.
void log_failed_login(const Client& client, std::string_view user);

}  // namespace kv
