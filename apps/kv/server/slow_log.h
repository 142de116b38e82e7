// SlowLog: the commands of a core that took longest lately, newest first.
//
// Thread: its core's. Cost: nothing for commands that are quick; a slow one is copied, shortened as Redis does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

class Client;

struct SlowCall {
  std::uint64_t id = 0;   // unique on its core only
  std::int64_t at_s = 0;  // since 1970
  std::int64_t took_us = 0;
  std::vector<std::string> arguments;
  std::string peer_address;
  std::string client_name;
};

class SlowLog {
 public:
  static constexpr std::size_t kArgumentsMax = 32;
  static constexpr std::size_t kArgumentBytesMax = 128;

  void note(std::span<const std::string_view> arguments, std::int64_t at_s, std::int64_t took_us, const Client* client,
            std::size_t count_max);
  const std::deque<SlowCall>& calls() const noexcept { return calls_; }
  void clear() noexcept { calls_.clear(); }
  // The oldest go.
  void shorten(std::size_t count_max) {
    while (calls_.size() > count_max) calls_.pop_back();
  }

 private:
  std::deque<SlowCall> calls_;
  std::uint64_t next_id_ = 0;
};

}  // namespace kv
