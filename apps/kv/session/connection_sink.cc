#include "kv/session/connection_sink.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "corering/base/bytes.h"

namespace kv {

namespace {

using corering::base::bytes_of;
using corering::net::WhenShort;

void free_bytes(void* owner) noexcept { delete[] static_cast<char*>(owner); }

}  // namespace

ConnectionSink::~ConnectionSink() {
  for (const Piece& piece : waiting_) piece.pin.release(piece.pin.owner);
}

std::span<char> ConnectionSink::next_window(std::size_t written, std::size_t bytes_min) {
  finish(written);
  if (waiting_.empty() && treatment_ != Treatment::discard) {
    const corering::base::MutableBytes place = connection_.try_begin_write(bytes_min, bytes_expected_, WhenShort::refuse);
    if (!place.empty()) return {reinterpret_cast<char*>(place.data()), place.size()};
  }
  spill_ = std::make_unique_for_overwrite<char[]>(kSpillBytes);
  return {spill_.get(), kSpillBytes};
}

void ConnectionSink::finish(std::size_t written) {
  if (spill_ == nullptr) {
    connection_.end_write(written);
    return;
  }
  if (treatment_ == Treatment::discard || written == 0) return spill_.reset();
  server_.statistics().spilled_bytes.add(written);
  // It may wait for long: a small reply does not keep the whole piece.
  if (written <= kSpillBytes / 2) {
    auto exact = std::make_unique_for_overwrite<char[]>(written);
    std::memcpy(exact.get(), spill_.get(), written);
    spill_ = std::move(exact);
  }
  char* const bytes = spill_.release();
  queue({{bytes, written}, {&free_bytes, bytes}});
}

void ConnectionSink::refer(std::string_view bytes, protocol::Pin pin) { refer_on(server_.number(), bytes, pin); }

void ConnectionSink::refer_on(unsigned core, std::string_view bytes, protocol::Pin pin) {
  if (treatment_ == Treatment::send) return queue({bytes, server_.hold(core, pin)});
  if (treatment_ == Treatment::copy_references) {
    copy(bytes);
    server_.statistics().copied_bytes.add(bytes.size());
    pin.release(pin.owner);
    return;
  }
  const protocol::Pin held = server_.hold(core, pin);
  held.release(held.owner);
}

void ConnectionSink::copy(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::span<char> window = next_window(0, 1);
    const std::size_t count = std::min(window.size(), bytes.size());
    std::memcpy(window.data(), bytes.data(), count);
    finish(count);
    bytes.remove_prefix(count);
  }
}

void ConnectionSink::queue(Piece piece) {
  waiting_.push_back(piece);
  waiting_bytes_ += piece.bytes.size();
  try_unload();
}

bool ConnectionSink::try_unload() {
  while (!waiting_.empty()) {
    if (!try_send(waiting_.front())) return false;
    waiting_.pop_front();
  }
  return true;
}

// Lent if possible, else copied, as much at a time as there is room for sooner or later.
bool ConnectionSink::try_send(Piece& piece) {
  if (!piece.bytes.empty() && connection_.try_send_lent(bytes_of(piece.bytes), {piece.pin.release, piece.pin.owner})) {
    waiting_bytes_ -= piece.bytes.size();
    return true;
  }
  while (!piece.bytes.empty()) {
    const std::string_view part = piece.bytes.substr(0, connection_.write_bytes_max());
    if (!connection_.try_write(bytes_of(part))) return false;
    server_.statistics().copied_bytes.add(part.size());
    waiting_bytes_ -= part.size();
    piece.bytes.remove_prefix(part.size());
  }
  piece.pin.release(piece.pin.owner);
  return true;
}

}  // namespace kv
