#include "kv/session/transaction.h"

#include <algorithm>
#include <cstring>

namespace kv {

void Transaction::queue(const Command& command, std::span<const std::string_view> arguments) {
  std::size_t bytes = 0;
  for (const std::string_view argument : arguments) bytes += argument.size();
  QueuedCall call{&command, std::make_unique_for_overwrite<char[]>(bytes), {}};
  call.arguments.reserve(arguments.size());
  char* place = call.bytes.get();
  for (const std::string_view argument : arguments) {
    if (!argument.empty()) std::memcpy(place, argument.data(), argument.size());
    call.arguments.emplace_back(place, argument.size());
    place += argument.size();
  }
  queued_bytes_ += bytes + sizeof(QueuedCall) + arguments.size() * sizeof(std::string_view);
  calls_.push_back(std::move(call));
}

void Transaction::watch(unsigned database, std::string_view key, std::uint64_t version) {
  if (!watches(database, key)) watched_.push_back({database, std::string(key), version});
}

bool Transaction::watches(unsigned database, std::string_view key) const noexcept {
  return std::ranges::any_of(watched_,
                             [&](const WatchedKey& watched) { return watched.database == database && watched.key == key; });
}

void Transaction::end() noexcept {
  state_ = State::none;
  queued_bytes_ = 0;
  std::vector<QueuedCall>().swap(calls_);
  unwatch();
}

}  // namespace kv
