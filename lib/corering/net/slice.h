// Slice: received or to-be-sent bytes together with the chunk that holds them.
//
// The currency of the data path: what a receive fills, a session inspects and a send queue holds is one slice handed on, so an
// echo moves bytes from peer to peer without copying one. Move-only: whoever has it owns the chunk.
//
// A slice may also lend bytes that lie elsewhere, such as an item of a cache that is sent from where it is: whoever lends them is told
// when the last of them has left, or will not leave any more.
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

// Who lends bytes to a slice. `take_back(owner)` is called once, when the kernel and we are done with them; it may not call the
// connection.
struct Lender {
  void (*take_back)(void* owner) noexcept = nullptr;
  void* owner = nullptr;
};

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
    Node(SlicePool& home, Lender whose, base::ByteView lent) noexcept : pool(home), bytes(lent), lender(whose) {}
    ~Node();

    SlicePool& pool;
    mem::Chunk chunk;      // or none, if the bytes are lent
    base::ByteView bytes;  // a part of the chunk
    Lender lender;
  };

  explicit Slice(Node& node) noexcept : node_(&node) {}

  Node* node_ = nullptr;
};

class SlicePool {
 public:
  // As many slices as there are chunks, as each owns one: these are made now, so that what was received finds one whatever memory is
  // left. Further ones for lent bytes are made when they are lent: lent_max, and `beyond_max` by whoever may go beyond that.
  SlicePool(std::size_t chunk_count, std::size_t lent_max, std::size_t beyond_max)
      : nodes_({.live_max = chunk_count + lent_max + beyond_max, .room = mem::Room::net}),
        chunk_count_(chunk_count),
        lent_max_(lent_max) {
    const bool is_prepared = nodes_.try_prepare(chunk_count);
    CORERING_ASSERT(is_prepared, "there is no memory for the slices of the chunks");
  }

  // Requires: `bytes` lies in `chunk`.
  Slice make(mem::Chunk chunk, base::ByteView bytes) {
    Slice::Node* node = nodes_.try_borrow(*this, std::move(chunk), bytes);
    CORERING_ASSERT(node != nullptr, "there are more slices than chunks");
    return Slice(*node);
  }

  enum class Bound : std::uint8_t { lent_max, none };

  // A slice of bytes that stay where they are. Empty if lent_max are out or the machine has no memory: then the bytes are still the
  // lender's. Requires: the bytes do not change before they are taken back; at most beyond_max are lent without a bound.
  Slice try_lend(base::ByteView bytes, Lender lender, Bound bound = Bound::lent_max) {
    if (bound == Bound::lent_max && lent_ >= lent_max_) return {};
    // One more than the chunks that have no slice yet may need.
    const std::size_t owned = nodes_.live() - lent_;
    if (!nodes_.try_prepare(chunk_count_ - owned + 1)) return {};
    Slice::Node* node = nodes_.try_borrow(*this, lender, bytes);
    ++lent_;
    return Slice(*node);
  }

  std::size_t lent() const noexcept { return lent_; }  // slices that are out
  const mem::PoolCounters& counters() const noexcept { return nodes_.counters(); }

 private:
  friend class Slice;
  mem::ObjectPool<Slice::Node> nodes_;
  const std::size_t chunk_count_;
  const std::size_t lent_max_;
  std::size_t lent_ = 0;
};

inline Slice::~Slice() {
  if (node_ != nullptr) node_->pool.nodes_.give_back(*node_);
}

inline Slice::Node::~Node() {
  if (lender.take_back == nullptr) return;
  --pool.lent_;
  lender.take_back(lender.owner);
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

  // What the first slice's chunk holds, used or not. Requires: !empty(), and the first is not lent.
  std::size_t front_chunk_bytes() const noexcept { return nodes_.front().chunk.bytes().size(); }

  // Copies all bytes into `chunk`, which takes the place of theirs. Requires: they fit; !empty().
  void move_to(mem::Chunk chunk) noexcept;

  // Bytes that append_to_last would still take.
  std::size_t room_in_last() const noexcept { return empty() ? 0 : room_in(nodes_.back()); }

  // Copies bytes behind the last slice, into the rest of its chunk; returns how many fitted.
  std::size_t append_to_last(base::ByteView bytes) noexcept;

  // The free rest of the last slice's chunk, to be written, and then counted in.
  base::MutableBytes rest_of_last() const noexcept;
  void extend_last(std::size_t count) noexcept;

 private:
  static std::size_t room_in(const Slice::Node& node) noexcept {
    if (!node.chunk) return 0;
    const base::MutableBytes chunk = node.chunk.bytes();
    return static_cast<std::size_t>(chunk.data() + chunk.size() - (node.bytes.data() + node.bytes.size()));
  }
  static base::MutableBytes rest_of(const Slice::Node& node) noexcept;
  std::size_t append(Slice::Node& node, base::ByteView bytes) noexcept;
  static std::size_t move_to_beginning(Slice::Node& node) noexcept;

  base::List<Slice::Node, Slice::QueueTag> nodes_;
  std::size_t bytes_ = 0;
  std::size_t count_ = 0;
};

}  // namespace corering::net
