// The handlers of commands that are about the connection: who it is, transactions, subscriptions. As in Redis 7.0.
#pragma once

#include <string_view>

namespace kv {

struct Call;
struct Command;

// What clients are told that they talk to: it selects what they send.
inline constexpr std::string_view kRedisVersion = "7.0.15";

void ping_command(Call& call);
void echo_command(Call& call);
void quit_command(Call& call);
void reset_command(Call& call);
void select_command(Call& call);
void auth_command(Call& call);
void hello_command(Call& call);

void multi_command(Call& call);
void exec_command(Call& call);  // is the session's affair: never called
void discard_command(Call& call);
void watch_command(Call& call);
void unwatch_command(Call& call);

void subscribe_command(Call& call);
void psubscribe_command(Call& call);
void ssubscribe_command(Call& call);
void unsubscribe_command(Call& call);
void punsubscribe_command(Call& call);
void sunsubscribe_command(Call& call);
void publish_command(Call& call);
void spublish_command(Call& call);
void pubsub_command(Call& call);

// What is carried out although the client is between MULTI and EXEC.
bool is_about_transactions(const Command& command) noexcept;

// What a RESP2 client may call that has subscribed to something.
bool is_allowed_to_subscribers(const Command& command) noexcept;

}  // namespace kv
