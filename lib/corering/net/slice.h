// Slice: received or to-be-sent bytes together with the chunk that holds them.
//
// The currency of the data path: what a receive fills, a session inspects and a send queue holds is one slice handed on, so an
// echo moves bytes from peer to peer without copying one. Move-only: whoever has it owns the chunk.
//
// Thread: owning core only. Lifetime: the pool outlives its slices. Cost: a few nanoseconds to make and drop, no allocation in a
// warm pool.
#pragma once

#include <cstddef>
#include <utility>

#include "corering/base/bytes.h"
#include "corering/base/intrusive.h"
#include "corering/mem/chunk_pool.h"
#include "corering/mem/object_pool.h"

namespace corering::net {

class SlicePool;
class SliceQueue;

class Slice {
 public:
  Slice() = default;
  Slice(Slice&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  Slice& operator=(Slice&& other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~Slice();

  explicit operator bool() const noexcept { return node_ != nullptr; }
  base::ByteView bytes() const noexcept { return node_->bytes; }

  // Requires: count <= bytes().size().
  void remove_prefix(std::size_t count) noexcept { node_->bytes = node_->bytes.subspan(count); }

 private:
  friend class SlicePool;
  friend class SliceQueue;

  struct QueueTag;
  struct Node : base::ListHook<QueueTag> {
    Node(SlicePool& home, mem::Chunk owned, base::ByteView part) noexcept : pool(home), chunk(std::move(owned)), bytes(part) {}

    SlicePool& pool;
    mem::Chunk chunk;
    base::ByteView bytes;  // a part of the chunk
  };

  explicit Slice(Node& node) noexcept : node_(&node) {}

  Node* node_ = nullptr;
};

class SlicePool {
 public:
  // As many slices as there are chunks: each owns one.
  explicit SlicePool(std::size_t count_max) : nodes_({.live_max = count_max, .room = mem::Room::net}) {}

  // Requires: `bytes` lies in `chunk`.
  Slice make(mem::Chunk chunk, base::ByteView bytes) {
    Slice::Node* node = nodes_.try_borrow(*this, std::move(chunk), bytes);
    CORERING_ASSERT(node != nullptr, "there are more slices than chunks, or no memory for one");
    return Slice(*node);
  }

  const mem::PoolCounters& counters() const noexcept { return nodes_.counters(); }

 private:
  friend class Slice;
  mem::ObjectPool<Slice::Node> nodes_;
};

inline Slice::~Slice() {
  if (node_ != nullptr) node_->pool.nodes_.give_back(*node_);
}

// Slices in order, with their sum of bytes.
class SliceQueue {
 public:
  SliceQueue() = default;
  SliceQueue(const SliceQueue&) = delete;
  SliceQueue& operator=(const SliceQueue&) = delete;
  ~SliceQueue() { clear(); }

  bool empty() const noexcept { return nodes_.empty(); }
  std::size_t bytes() const noexcept { return bytes_; }
  std::size_t count() const noexcept { return count_; }

  void push_back(Slice slice) noexcept {
    bytes_ += slice.bytes().size();
    ++count_;
    nodes_.push_back(*std::exchange(slice.node_, nullptr));
  }

  // Requires: !empty().
  Slice pop_front() noexcept {
    Slice slice(nodes_.front());
    nodes_.pop_front();
    bytes_ -= slice.bytes().size();
    --count_;
    return slice;
  }

  // The oldest bytes that lie together; valid until the queue changes. Requires: !empty().
  base::ByteView front() const noexcept { return nodes_.front().bytes; }

  // Drops the oldest `count` bytes and the slices that become empty. Requires: count <= bytes().
  void consume(std::size_t count) noexcept {
    while (count > 0) {
      const std::size_t first = nodes_.front().bytes.size();
      if (count < first) {
        nodes_.front().bytes = nodes_.front().bytes.subspan(count);
        bytes_ -= count;
        return;
      }
      pop_front();
      count -= first;
    }
  }

  void clear() noexcept {
    while (!empty()) pop_front();
  }

  // Calls visit(bytes) for the first slices, in order, as long as it returns true.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (const Slice::Node& node : nodes_) {
      if (!visit(node.bytes)) return;
    }
  }

  // Moves bytes together so that they occupy as few chunks as they can, but for the free beginning of the first; the others' chunks
  // go home. Returns how many bytes were copied.
  std::size_t compact() noexcept;

  // What the first slice's chunk holds, used or not. Requires: !empty().
  std::size_t front_chunk_bytes() const noexcept { return nodes_.front().chunk.bytes().size(); }

  // Copies all bytes into `chunk`, which takes the place of theirs. Requires: they fit; !empty().
  void move_to(mem::Chunk chunk) noexcept;

  // Bytes that append_to_last would still take.
  std::size_t room_in_last() const noexcept { return empty() ? 0 : room_in(nodes_.back()); }

  // Copies bytes behind the last slice, into the rest of its chunk; returns how many fitted.
  std::size_t append_to_last(base::ByteView bytes) noexcept;

 private:
  static std::size_t room_in(const Slice::Node& node) noexcept {
    const base::MutableBytes chunk = node.chunk.bytes();
    return static_cast<std::size_t>(chunk.data() + chunk.size() - (node.bytes.data() + node.bytes.size()));
  }
  std::size_t append(Slice::Node& node, base::ByteView bytes) noexcept;
  static std::size_t move_to_beginning(Slice::Node& node) noexcept;

  base::List<Slice::Node, Slice::QueueTag> nodes_;
  std::size_t bytes_ = 0;
  std::size_t count_ = 0;
};

}  // namespace corering::net
