// Commands on whole values and parts of them.
#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <utility>

#include "kv/commands/arguments.h"
#include "kv/commands/command.h"
#include "kv/commands/handlers.h"

namespace kv {

namespace {

// Whether the key is there, and the size of its value: looked at, and let go of.
std::pair<bool, std::size_t> size_of(Call& call, std::string_view key) {
  const Entry entry = call.data.find(key);
  return {static_cast<bool>(entry), entry ? entry.value().size() : 0};
}

}  // namespace

void get_command(Call& call) { reply_value(call, call.arguments[1], call.data.find(call.arguments[1], call.ahead)); }

void getdel_command(Call& call) {
  Entry entry = call.data.find(call.arguments[1]);
  const bool found = static_cast<bool>(entry);
  reply_value(call, call.arguments[1], std::move(entry));
  if (found) call.data.remove(call.arguments[1]);
}

void getset_command(Call& call) {
  reply_value(call, call.arguments[1], call.data.find(call.arguments[1]));
  call.data.put(call.arguments[1], call.arguments[2]);
}

void delifeq_command(Call& call) {
  const bool equal = [&] {
    const Entry entry = call.data.peek(call.arguments[1]);
    return entry && entry.value() == call.arguments[2];
  }();
  call.reply.integer(equal && call.data.remove(call.arguments[1]) ? 1 : 0);
}

void strlen_command(Call& call) {
  const Entry entry = call.data.find(call.arguments[1]);
  call.reply.integer(entry ? static_cast<std::int64_t>(entry.value().size()) : 0);
}

void append_command(Call& call) {
  const std::string_view key = call.arguments[1];
  const std::string_view tail = call.arguments[2];
  const auto [present, before] = size_of(call, key);
  if (!check_length(call, before, tail.size())) return;
  if (!present) {
    if (store_value(call, key, tail, {})) call.reply.integer(static_cast<std::int64_t>(tail.size()));
    return;
  }
  const WriteResult result = call.data.modify(key, before + tail.size(), {}, [&, old = before](Bytes value) {
    if (!tail.empty()) std::memcpy(value.data() + old, tail.data(), tail.size());
  });
  if (stored_or_refused(call, result.status)) call.reply.integer(static_cast<std::int64_t>(before + tail.size()));
}

void getrange_command(Call& call) {
  const auto first = read_integer(call, call.arguments[2]);
  if (!first) return;
  const auto last = read_integer(call, call.arguments[3]);
  if (!last) return;
  const Entry entry = call.data.find(call.arguments[1]);
  const std::string_view value = entry ? entry.value() : std::string_view();
  const auto size = static_cast<std::int64_t>(value.size());
  if (size == 0 || (*first < 0 && *last < 0 && *first > *last)) return call.reply.bulk({});
  const std::int64_t begin = std::max<std::int64_t>(*first < 0 ? size + *first : *first, 0);
  const std::int64_t end = std::min(std::max<std::int64_t>(*last < 0 ? size + *last : *last, 0), size - 1);
  if (begin > end) return call.reply.bulk({});
  call.reply.bulk(value.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin + 1)));
}

void substr_command(Call& call) { getrange_command(call); }

void setrange_command(Call& call) {
  const std::string_view key = call.arguments[1];
  const std::string_view piece = call.arguments[3];
  const auto offset = read_integer(call, call.arguments[2]);
  if (!offset) return;
  if (*offset < 0) return call.reply.error(errors::kOffset);
  const auto [present, before] = size_of(call, key);
  if (piece.empty()) return call.reply.integer(static_cast<std::int64_t>(before));
  const auto begin = static_cast<std::uint64_t>(*offset);
  if (!check_length(call, begin, piece.size())) return;
  const std::size_t after = std::max<std::size_t>(before, begin + piece.size());
  const auto fill = [&, old = before](Bytes value) {
    if (begin > old) std::memset(value.data() + old, 0, begin - old);
    std::memcpy(value.data() + begin, piece.data(), piece.size());
  };
  const WriteResult result = present ? call.data.modify(key, after, {}, fill) : call.data.write(key, after, {}, fill);
  if (stored_or_refused(call, result.status)) call.reply.integer(static_cast<std::int64_t>(after));
}

// --- several keys

void mget_command(Call& call) {
  call.reply.array(call.arguments.size() - 1);
  constexpr std::size_t kBatch = 32;
  const auto keys = call.arguments.subspan(1);
  if (call.data.cores().size() > 1) {
    for (const std::string_view key : keys) reply_value(call, key, call.data.find(key));
    return;
  }
  std::array<Entry, kBatch> entries;
  for (std::size_t first = 0; first < keys.size(); first += kBatch) {
    const auto batch = keys.subspan(first, std::min(kBatch, keys.size() - first));
    call.data.cores()[0]->find_batch(call.data.number(), batch, std::span(entries).first(batch.size()));
    for (std::size_t index = 0; index < batch.size(); ++index) reply_value(call, batch[index], std::move(entries[index]));
  }
}

void mset_command(Call& call) {
  if (call.arguments.size() % 2 == 0) return refuse_arity(call);
  for (std::size_t index = 1; index < call.arguments.size(); index += 2) {
    if (!store_value(call, call.arguments[index], call.arguments[index + 1], {})) return;
  }
  call.reply.ok();
}

void msetnx_command(Call& call) {
  if (call.arguments.size() % 2 == 0) return refuse_arity(call);
  for (std::size_t index = 1; index < call.arguments.size(); index += 2) {
    if (call.data.has(call.arguments[index])) return call.reply.integer(0);
  }
  for (std::size_t index = 1; index < call.arguments.size(); index += 2) {
    if (!store_value(call, call.arguments[index], call.arguments[index + 1], {})) return;
  }
  call.reply.integer(1);
}

}  // namespace kv
