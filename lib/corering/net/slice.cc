#include "corering/net/slice.h"

#include <algorithm>
#include <cstring>

namespace corering::net {

std::size_t SliceQueue::append_to_last(base::ByteView bytes) noexcept { return empty() ? 0 : append(nodes_.back(), bytes); }

std::size_t SliceQueue::append(Slice::Node& node, base::ByteView bytes) noexcept {
  const std::size_t count = std::min(bytes.size(), room_in(node));
  if (count == 0) return 0;
  std::memcpy(rest_of(node).data(), bytes.data(), count);
  node.bytes = {node.bytes.data(), node.bytes.size() + count};
  bytes_ += count;
  return count;
}

base::MutableBytes SliceQueue::rest_of(const Slice::Node& node) noexcept {
  const base::MutableBytes chunk = node.chunk.bytes();
  return chunk.subspan(static_cast<std::size_t>(node.bytes.data() + node.bytes.size() - chunk.data()));
}

base::MutableBytes SliceQueue::rest_of_last() const noexcept {
  return room_in_last() == 0 ? base::MutableBytes() : rest_of(nodes_.back());
}

void SliceQueue::extend_last(std::size_t count) noexcept {
  Slice::Node& last = nodes_.back();
  CORERING_ASSERT(count <= room_in(last), "a slice is extended beyond its chunk");
  last.bytes = {last.bytes.data(), last.bytes.size() + count};
  bytes_ += count;
}

// `into` is filled from those behind it until it is full; then the one that filled it moves to the beginning of its own chunk and is
// filled in its turn.
std::size_t SliceQueue::compact() noexcept {
  std::size_t copied = 0;
  auto into = nodes_.begin();
  while (into != nodes_.end()) {
    const auto from = std::next(into);
    if (from == nodes_.end()) break;
    const std::size_t taken = append(*into, from->bytes);
    copied += taken;
    bytes_ -= taken;  // append counted them a second time
    from->bytes = from->bytes.subspan(taken);
    if (from->bytes.empty()) {
      Slice emptied(*from);
      nodes_.erase(from);
      --count_;
      continue;
    }
    copied += move_to_beginning(*from);
    into = from;
  }
  return copied;
}

void SliceQueue::move_to(mem::Chunk chunk) noexcept {
  std::size_t moved = 0;
  for (const Slice::Node& node : nodes_) {
    std::memcpy(chunk.bytes().data() + moved, node.bytes.data(), node.bytes.size());
    moved += node.bytes.size();
  }
  while (count_ > 1) pop_front();
  Slice::Node& only = nodes_.front();
  only.bytes = chunk.bytes().first(moved);
  only.chunk = std::move(chunk);
  bytes_ = moved;
}

std::size_t SliceQueue::move_to_beginning(Slice::Node& node) noexcept {
  const base::MutableBytes chunk = node.chunk.bytes();
  if (node.bytes.data() == chunk.data()) return 0;
  std::memmove(chunk.data(), node.bytes.data(), node.bytes.size());
  node.bytes = {chunk.data(), node.bytes.size()};
  return node.bytes.size();
}

}  // namespace corering::net
