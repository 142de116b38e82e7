#include "corering/testing/simulated_network.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace corering::testing {

namespace {

// Far from the numbers of real descriptors: a mix-up shows.
constexpr int kFirstFd = 1'000'000;

}  // namespace

std::size_t BytePipe::write(base::ByteView from) {
  const std::size_t count = std::min(from.size(), room());
  written_total_ += count;
  bytes_.insert(bytes_.end(), from.begin(), from.begin() + static_cast<std::ptrdiff_t>(count));
  return count;
}

std::size_t BytePipe::read(base::MutableBytes into) {
  const std::size_t count = std::min(into.size(), size());
  if (count != 0) std::memcpy(into.data(), bytes_.data() + head_, count);
  head_ += count;
  if (head_ == bytes_.size()) clear();
  return count;
}

void BytePipe::clear() noexcept {
  bytes_.clear();
  head_ = 0;
}

void Peer::reset() {
  stream_->peer_reset = true;
  stream_->to_server.clear();
  stream_->to_peer.clear();
}

int SimulatedNetwork::open_listener() {
  File file;
  file.kind = File::Kind::listener;
  return place(std::move(file));
}

void SimulatedNetwork::add_remote(const std::string& address, Manner manner, std::size_t to_server_bytes,
                                  std::size_t to_peer_bytes) {
  Remote& remote = remotes_[address];
  remote.manner = manner;
  remote.to_server_bytes = to_server_bytes;
  remote.to_peer_bytes = to_peer_bytes;
}

std::optional<Peer> SimulatedNetwork::take_connected(const std::string& address) {
  auto& waiting = remotes_[address].connected;
  if (waiting.empty()) return std::nullopt;
  Peer peer(waiting.front());
  waiting.pop_front();
  return peer;
}

SimulatedNetwork::Manner SimulatedNetwork::manner_of(const std::string& address) const {
  const auto found = remotes_.find(address);
  return found == remotes_.end() ? Manner::refuses : found->second.manner;
}

int SimulatedNetwork::connect_socket(File& socket, const std::string& address) {
  switch (manner_of(address)) {
    case Manner::refuses: return -ECONNREFUSED;
    case Manner::keeps_silent: return -EINPROGRESS;
    case Manner::accepts: break;
  }
  Remote& remote = remotes_[address];
  socket.kind = File::Kind::stream;
  socket.stream = std::make_shared<Stream>(remote.to_server_bytes, remote.to_peer_bytes);
  remote.connected.push_back(socket.stream);
  return 0;
}

int SimulatedNetwork::open_socket() {
  File file;
  file.kind = File::Kind::socket;
  return place(std::move(file));
}

int SimulatedNetwork::open_event() {
  File file;
  file.kind = File::Kind::event;
  return place(std::move(file));
}

void SimulatedNetwork::signal_event(int fd) {
  if (File* file = find({fd, ring::FileRef::Kind::descriptor}); file != nullptr) ++file->event_value;
}

Peer SimulatedNetwork::connect(int listener_fd, std::size_t to_server_bytes, std::size_t to_peer_bytes) {
  auto stream = std::make_shared<Stream>(to_server_bytes, to_peer_bytes);
  File* listener = find({listener_fd, ring::FileRef::Kind::descriptor});
  if (listener != nullptr) {
    listener->backlog.push_back(stream);
  } else {
    stream->server_reset = true;
  }
  return Peer(stream);
}

SimulatedNetwork::File* SimulatedNetwork::find(ring::FileRef file) noexcept {
  std::vector<File>& table = file.is_direct() ? slots_ : files_;
  const int index = file.is_direct() ? file.index : file.index - kFirstFd;
  if (index < 0 || static_cast<std::size_t>(index) >= table.size()) return nullptr;
  File& found = table[static_cast<std::size_t>(index)];
  return found.kind == File::Kind::none ? nullptr : &found;
}

int SimulatedNetwork::accept(File& listener, bool direct) {
  File file;
  file.kind = File::Kind::stream;
  file.stream = listener.backlog.front();
  listener.backlog.pop_front();
  if (!direct) return place(std::move(file));
  const auto slot = std::ranges::find(slots_, File::Kind::none, &File::kind);
  if (slot == slots_.end()) {
    // As the kernel does: the accepted client is dropped.
    file.stream->server_reset = true;
    file.stream->server_closed = true;
    return -ENFILE;
  }
  *slot = std::move(file);
  return static_cast<int>(slot - slots_.begin());
}

void SimulatedNetwork::shutdown(ring::FileRef file, int how) {
  File* found = find(file);
  if (found == nullptr || found->kind != File::Kind::stream) return;
  if (how != SHUT_RD) found->stream->server_ended = true;
  if (how != SHUT_WR) found->stream->server_shut_reading = true;
}

void SimulatedNetwork::reset(ring::FileRef file) {
  File* found = find(file);
  if (found == nullptr || found->kind != File::Kind::stream) return;
  found->stream->server_reset = true;
  found->stream->server_ended = true;
  found->stream->to_peer.clear();
}

void SimulatedNetwork::close(ring::FileRef file) {
  File* found = find(file);
  if (found == nullptr) return;
  if (found->kind == File::Kind::stream) {
    Stream& stream = *found->stream;
    stream.server_closed = true;
    stream.server_ended = true;
    if (stream.to_server.size() != 0) {
      // Unread data turns the close into a reset, which overtakes what the peer has not read yet.
      stream.server_reset = true;
      stream.to_peer.clear();
    }
  }
  // Clients in the backlog of a closed listener are reset.
  for (const auto& waiting : found->backlog) waiting->server_reset = true;
  *found = File{};
}

std::size_t SimulatedNetwork::open_streams() const noexcept {
  const auto is_stream = [](const File& file) { return file.kind == File::Kind::stream || file.kind == File::Kind::socket; };
  return static_cast<std::size_t>(std::ranges::count_if(files_, is_stream) + std::ranges::count_if(slots_, is_stream));
}

int SimulatedNetwork::place(File file) {
  auto free = std::ranges::find(files_, File::Kind::none, &File::kind);
  if (free == files_.end()) free = files_.insert(files_.end(), File{});
  *free = std::move(file);
  return kFirstFd + static_cast<int>(free - files_.begin());
}

}  // namespace corering::testing
