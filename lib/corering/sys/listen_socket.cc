#include "corering/sys/listen_socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace corering::sys {

namespace {

// The kernel takes the rings of a killed process down after the process is gone, and their accepts hold the listening sockets
// until then: a server restarted at once finds its own address in use for some milliseconds.
constexpr auto kReleaseWait = std::chrono::milliseconds(500);
constexpr auto kReleaseStep = std::chrono::milliseconds(10);

base::Result<> set_option(const Fd& fd, int level, int option, const char* name, int value = 1) {
  if (::setsockopt(fd.value(), level, option, &value, sizeof(value)) != 0) {
    return base::failure(base::os_error(errno, std::string("setting ") + name + " on a listening socket"));
  }
  return {};
}

base::Result<Fd> open_socket(const SocketAddress& address, const ConnectionBuffers& buffers) {
  Fd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return base::failure(base::os_error(errno, "opening a socket for " + address.text()));
  if (buffers.send_bytes != 0) {
    auto done = set_option(fd, SOL_SOCKET, SO_SNDBUF, "SO_SNDBUF", buffers.send_bytes);
    if (!done) return base::failure(std::move(done.error()));
  }
  if (address.is_unix()) return fd;
  // Addresses in TIME_WAIT from an earlier run may be taken; a listening one still may not.
  if (auto done = set_option(fd, SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR"); !done) return base::failure(std::move(done.error()));
  if (auto done = set_option(fd, IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY"); !done) return base::failure(std::move(done.error()));
  return fd;
}

base::Error bind_refused(int os_error, const SocketAddress& address) {
  if (os_error != EADDRINUSE) return base::os_error(os_error, "binding " + address.text());
  return {base::ErrorCode::address_in_use, os_error,
          "found " + address.text() + " in use, need it free: " +
              (address.is_unix() ? "stop the server behind it, remove the file, or choose another --unix_socket"
                                 : "stop the process that listens there or choose another --port")};
}

base::Result<> listen_on(const Fd& fd, const SocketAddress& address) {
  if (::listen(fd.value(), kListenBacklog) != 0) return base::failure(bind_refused(errno, address));
  return {};
}

// Removes the file of a server that died without cleaning up: a socket behind which nobody answers. Connecting to a plain file is
// refused in the same way, and that one is not ours to remove.
bool remove_if_stale(const SocketAddress& address) {
  struct stat status{};
  if (::lstat(address.unix_path().c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  // Without blocking: a live server with a full backlog would keep us waiting.
  const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe || ::connect(probe.value(), address.data(), address.bytes()) == 0 || errno != ECONNREFUSED) return false;
  return ::unlink(address.unix_path().c_str()) == 0;
}

// Between bind and listen a socket file looks like that of a dead server. The lock keeps two servers that start at the same moment
// from taking each other's for that. Best effort: without the right to read the folder there is none. Released by closing.
Fd lock_folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd && ::flock(fd.value(), LOCK_EX) != 0) return {};
  return fd;
}

// 0 or the errno of bind(2).
int bind_error(const Fd& fd, const SocketAddress& address) {
  return ::bind(fd.value(), address.data(), address.bytes()) == 0 ? 0 : errno;
}

}  // namespace

base::Result<Fd> claim_listen_socket(const SocketAddress& address, const ConnectionBuffers& buffers) {
  auto fd = open_socket(address, buffers);
  if (!fd) return fd;
  const Fd lock = address.is_unix() ? lock_folder_of(address.unix_path()) : Fd();
  int error = bind_error(*fd, address);
  for (auto waited = kReleaseStep; error == EADDRINUSE && waited <= kReleaseWait; waited += kReleaseStep) {
    if (!address.is_unix() || !remove_if_stale(address)) std::this_thread::sleep_for(kReleaseStep);
    error = bind_error(*fd, address);
  }
  if (error != 0) return base::failure(bind_refused(error, address));
  if (!address.is_unix()) {
    if (auto done = set_option(*fd, SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT"); !done) return base::failure(std::move(done.error()));
  }
  if (auto done = listen_on(*fd, address); !done) return base::failure(std::move(done.error()));
  return fd;
}

base::Result<Fd> open_sibling_listen_socket(const SocketAddress& address, const ConnectionBuffers& buffers) {
  auto fd = open_socket(address, buffers);
  if (!fd) return fd;
  if (auto done = set_option(*fd, SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT"); !done) return base::failure(std::move(done.error()));
  if (const int error = bind_error(*fd, address); error != 0) return base::failure(bind_refused(error, address));
  if (auto done = listen_on(*fd, address); !done) return base::failure(std::move(done.error()));
  return fd;
}

}  // namespace corering::sys
