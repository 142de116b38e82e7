// ReplySink: where a ReplyWriter's bytes go: straight into the memory that they are sent from.
//
// A sink hands out windows of free memory, one after the other; the writer fills them and says how far. With a connection behind it, a
// window is the free rest of a chunk of the send queue, and a reference is a pinned item that joins the queue as it is.
//
// Thread: the writer's. Lifetime: outlives the writer; a window is the writer's until the next call.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace kv::protocol {

// Something that must stay where it is until its bytes have been sent.
struct Pin {
  void (*release)(void* owner) noexcept = nullptr;
  void* owner = nullptr;
};

class ReplySink {
 public:
  virtual ~ReplySink() = default;

  // `written` bytes of the last window are replies; the next window, of at least `bytes_min` (<= kWindowBytesMin) bytes. Cannot fail: a
  // sink whose chunks have run out has memory of its own for what is being written, and counts it.
  static constexpr std::size_t kWindowBytesMin = 512;
  virtual std::span<char> next_window(std::size_t written, std::size_t bytes_min) = 0;

  // The same without a new window: the writer is done.
  virtual void finish(std::size_t written) = 0;

  // Called between finish() and next_window(): bytes that join the replies where they lie. The sink releases the pin when they have been
  // sent, or dropped.
  virtual void refer(std::string_view bytes, Pin pin) = 0;
};

}  // namespace kv::protocol
