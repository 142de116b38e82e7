// The handlers of the KV server behind a plain socket, without session, cores or ring: what the differential test talks to.
//
//   handler_server PATH redis|memcached       serves one connection after the other on the Unix socket PATH, until SIGTERM
//
// SELECT, which belongs to sessions, is answered here, so that the generator can use several databases.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>

#include "kv/commands/command.h"
#include "kv/commands/memcached.h"
#include "kv/protocol/ascii.h"
#include "kv/protocol/memcached_parser.h"
#include "kv/protocol/number.h"
#include "kv/protocol/request_reader.h"
#include "kv/protocol/resp_parser.h"
#include "unit/kv/protocol/text_sink.h"

namespace {

using namespace kv;
using protocol::Outcome;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

struct Harness {
  Keyspace keyspace{std::move(*corering::cache::Cache::open({.l1_bytes = std::size_t{256} << 20, .now_ms = now_ms()}))};
  SlotMap slots;
  Keyspace* cores[1] = {&keyspace};
};

void answer_resp(Harness& server, Database& data, std::span<const std::string_view> arguments, protocol::RespWriter& reply) {
  if (protocol::equals_ignoring_case(arguments[0], "select") && arguments.size() == 2) {
    data = data.other(static_cast<unsigned>(protocol::parse_int64(arguments[1]).value_or(0)) % kDatabaseCount);
    return reply.ok();
  }
  const Command* const command = resolve(arguments, reply);
  if (command == nullptr) return;
  Call call{.arguments = arguments, .data = data, .reply = reply, .now_ms = server.keyspace.now_ms(), .command = *command};
  execute(call);
}

// False: close.
template <typename Reader, typename Request, typename Answer>
bool serve_piece(Reader& reader, Request& request, std::string_view piece, Answer&& answer) {
  while (!piece.empty()) {
    reader.feed(piece);
    for (;;) {
      const Outcome outcome = reader.next(request);
      if (outcome == Outcome::incomplete) break;
      if (outcome == Outcome::value) {
        reader.parser().decline_landing();
        continue;
      }
      if (outcome == Outcome::broken || outcome == Outcome::intruder) return false;
      answer(outcome);
    }
    piece.remove_prefix(reader.consumed());
  }
  return true;
}

// Stopped: accept and recv end, because a signal interrupts them.
volatile std::sig_atomic_t g_stopping = 0;

void stop_on_signal() {
  struct sigaction action{};
  action.sa_handler = [](int) { g_stopping = 1; };
  sigaction(SIGTERM, &action, nullptr);
}

bool send_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

constexpr std::size_t kRequestBytesMax = std::size_t{64} << 20;

template <typename Writer, typename Reader, typename Request, typename Answer>
void serve(Harness& server, int client, Reader& reader, Request& request, Answer&& answer) {
  std::vector<char> buffer(1 << 16);
  for (;;) {
    const ssize_t count = recv(client, buffer.data(), buffer.size(), 0);
    if (count <= 0) return;
    server.keyspace.advance(now_ms());
    protocol::TextSink sink(1 << 14);
    bool open = false;
    {
      Writer writer(sink);
      open = serve_piece(reader, request, {buffer.data(), static_cast<std::size_t>(count)},
                         [&](Outcome outcome) { answer(outcome, writer); });
    }
    if (!send_all(client, sink.text()) || !open) return;
  }
}

void serve_redis(Harness& server, int client) {
  protocol::RequestReader reader(protocol::RespParser(), kRequestBytesMax);
  protocol::ArgumentList arguments;
  Database data(server.cores, server.slots, 0);
  serve<protocol::RespWriter>(server, client, reader, arguments, [&](Outcome outcome, protocol::RespWriter& reply) {
    if (outcome == Outcome::refused) return reply.error(reader.parser().error());
    answer_resp(server, data, arguments, reply);
  });
}

void serve_memcached(Harness& server, int client) {
  protocol::RequestReader reader(protocol::MemcachedParser(), kRequestBytesMax);
  protocol::MemcachedRequest request;
  Database data(server.cores, server.slots, 0);
  serve<protocol::MemcachedWriter>(server, client, reader, request, [&](Outcome outcome, protocol::MemcachedWriter& reply) {
    if (outcome == Outcome::refused) {
      if (!reader.parser().error().empty()) reply.line(reader.parser().error());
      return;
    }
    MemcachedCall call{.request = request, .data = data, .reply = reply, .now_ms = server.keyspace.now_ms()};
    execute(call);
  });
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) {
    std::fputs("usage: handler_server PATH redis|memcached\n", stderr);
    return 2;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // does not outlive a killed test
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string_view(words[1]).copy(address.sun_path, sizeof address.sun_path - 1);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(listener, 8) != 0) {
    std::perror("handler_server");
    return 1;
  }
  stop_on_signal();
  Harness server;
  const bool memcached = std::string_view(words[2]) == "memcached";
  while (g_stopping == 0) {
    const int client = accept(listener, nullptr, nullptr);
    if (client < 0) break;
    memcached ? serve_memcached(server, client) : serve_redis(server, client);
    close(client);
  }
  return g_stopping != 0 ? 0 : 1;
}
