// SimulatedNetwork: sockets without a kernel: listeners, byte streams, events, and the peers at the far ends.
//
// Servers at addresses of their own wait for the code above to connect (add_remote).
//
// The near end is what the server's descriptors (and direct slots) mean to SimulatedBackend; the far end is a Peer that a test
// drives. Buffers are small, so back-pressure happens all the time. Descriptor numbers are reused lowest first, as the kernel
// does, so that a stale descriptor hits a stranger.
//
// Thread: one. Lifetime: outlives the back ends and the peers.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "corering/base/bytes.h"
#include "corering/ring/operations.h"

namespace corering::testing {

// Bytes under way in one direction.
class BytePipe {
 public:
  explicit BytePipe(std::size_t capacity) : capacity_(capacity) {}

  std::size_t capacity() const noexcept { return capacity_; }
  std::size_t room() const noexcept { return capacity_ - size(); }
  std::size_t size() const noexcept { return bytes_.size() - head_; }
  std::size_t write(base::ByteView from);     // as much as fits
  std::size_t read(base::MutableBytes into);  // as much as there is
  void clear() noexcept;

  // Since the beginning; what clear drops counts as read.
  std::uint64_t written_total() const noexcept { return written_total_; }
  std::uint64_t read_total() const noexcept { return written_total_ - size(); }

 private:
  const std::size_t capacity_;
  std::uint64_t written_total_ = 0;
  std::vector<std::byte> bytes_;
  std::size_t head_ = 0;
};

// One connection, seen from both ends.
struct Stream {
  Stream(std::size_t to_server_bytes, std::size_t to_peer_bytes) : to_server(to_server_bytes), to_peer(to_peer_bytes) {}

  BytePipe to_server;
  BytePipe to_peer;
  bool peer_ended = false;    // FIN from the peer
  bool peer_reset = false;    // RST from the peer
  bool server_ended = false;  // FIN from the server
  bool server_reset = false;  // RST from the server
  bool server_shut_reading = false;
  bool server_closed = false;
  std::uint64_t server_received_bytes = 0;  // taken out of to_server by receives
};

// The far end of a stream, driven by a test.
class Peer {
 public:
  explicit Peer(std::shared_ptr<Stream> stream) : stream_(std::move(stream)) {}

  std::size_t write(base::ByteView bytes) { return can_write() ? stream_->to_server.write(bytes) : 0; }
  std::size_t read(base::MutableBytes into) { return stream_->to_peer.read(into); }
  void finish_writing() { stream_->peer_ended = true; }
  void reset();

  bool can_write() const noexcept { return !stream_->peer_ended && !stream_->peer_reset && !stream_->server_reset; }
  bool has_data() const noexcept { return stream_->to_peer.size() != 0; }
  bool is_at_end() const noexcept { return stream_->server_ended && !has_data(); }  // a FIN, after all bytes
  bool was_reset() const noexcept { return stream_->server_reset; }
  const Stream& stream() const noexcept { return *stream_; }

 private:
  std::shared_ptr<Stream> stream_;
};

class SimulatedNetwork {
 public:
  // A file as the server's descriptors and slots name it.
  struct File {
    enum class Kind : std::uint8_t { none, listener, socket, stream, event };  // socket: not connected yet

    Kind kind = Kind::none;
    std::deque<std::shared_ptr<Stream>> backlog;  // listener
    std::shared_ptr<Stream> stream;
    std::uint64_t event_value = 0;
  };

  // What connecting to an address comes to. An address that nobody has added refuses.
  enum class Manner : std::uint8_t { accepts, refuses, keeps_silent };
  void add_remote(const std::string& address, Manner manner, std::size_t to_server_bytes = 65536,
                  std::size_t to_peer_bytes = 65536);
  Manner manner_of(const std::string& address) const;

  // The far end of the oldest connection to the address that has not been taken yet.
  std::optional<Peer> take_connected(const std::string& address);

  // For a back end: 0, -ECONNREFUSED, or -EINPROGRESS while there is no answer.
  int connect_socket(File& socket, const std::string& address);

  int open_socket();
  int open_listener();
  int open_event();
  void signal_event(int fd);

  // A client knocks: it waits in the listener's backlog, or is reset if nobody listens.
  Peer connect(int listener_fd, std::size_t to_server_bytes, std::size_t to_peer_bytes);

  // Nullptr for what is not open: the caller has found a bug.
  File* find(ring::FileRef file) noexcept;

  // Takes the oldest connection out of a backlog and gives it a descriptor, or a direct slot. Returns its number, -ENFILE if
  // there is no free slot.
  int accept(File& listener, bool direct);

  void shutdown(ring::FileRef file, int how);

  // A reset: what the peer has not read is lost.
  void reset(ring::FileRef file);

  // Tells the peer: a FIN, or a reset if data lay unread.
  void close(ring::FileRef file);

  void set_direct_slots(std::size_t count) { slots_.resize(count); }
  std::size_t open_streams() const noexcept;  // sockets that are not connected included

 private:
  int place(File file);

  std::vector<File> files_;  // by descriptor number - kFirstFd
  std::vector<File> slots_;

  struct Remote {
    Manner manner = Manner::refuses;
    std::size_t to_server_bytes = 0;
    std::size_t to_peer_bytes = 0;
    std::deque<std::shared_ptr<Stream>> connected;
  };
  std::map<std::string, Remote> remotes_;  // by the address as text
};

}  // namespace corering::testing
