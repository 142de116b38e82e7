#include "kv/server/slow_log.h"

#include <algorithm>

#include "kv/session/client.h"

namespace kv {

void SlowLog::note(std::span<const std::string_view> arguments, std::int64_t at_s, std::int64_t took_us, const Client* client,
                   std::size_t count_max) {
  SlowCall call{next_id_++, at_s, took_us, {}, {}, {}};
  const std::size_t shown = arguments.size() > kArgumentsMax ? kArgumentsMax - 1 : arguments.size();
  for (const std::string_view argument : arguments.first(shown)) {
    std::string& text = call.arguments.emplace_back(argument.substr(0, kArgumentBytesMax));
    if (argument.size() > kArgumentBytesMax) {
      text += "... (" + std::to_string(argument.size() - kArgumentBytesMax) + " more bytes)";
    }
  }
  if (shown < arguments.size()) {
    call.arguments.push_back("... (" + std::to_string(arguments.size() - shown) + " more arguments)");
  }
  if (client != nullptr) {
    call.peer_address = client->peer_address();
    call.client_name = client->name;
  }
  calls_.push_front(std::move(call));
  while (calls_.size() > count_max) calls_.pop_back();
}

}  // namespace kv
