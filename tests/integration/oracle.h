// A server of another project as an oracle: started on a Unix socket of its own, asked with raw bytes, ended with the test.
#pragma once

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace oracle {

// A connection to a Unix socket. Every wait is bounded.
class Client {
 public:
  static constexpr int kPatienceMs = 5000;

  static std::optional<Client> connect(const std::string& path) {
    const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return Client(descriptor);
    close(descriptor);
    return std::nullopt;
  }
  Client(Client&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)), received_(std::move(other.received_)) {}
  Client& operator=(Client&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(received_, other.received_);
    return *this;
  }
  ~Client() {
    if (descriptor_ >= 0) close(descriptor_);
  }

  // False: the server has closed.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Says that no more will come.
  void finish() const { shutdown(descriptor_, SHUT_WR); }

  // Everything up to and including `end`, or what there is when the server closes or is silent for too long.
  std::string receive_until(std::string_view end) {
    for (;;) {
      const std::size_t found = received_.find(end);
      if (found != std::string::npos) return take(found + end.size());
      if (!receive_some()) return take(received_.size());
    }
  }

  std::string receive_to_end() {
    while (receive_some()) {
    }
    return take(received_.size());
  }

  // One RESP2 reply that is no array: the line of it, or the bulk without its header. Nothing: the null bulk, or the end.
  std::optional<std::string> receive_reply() {
    std::string line = receive_until("\r\n");
    if (line.size() < 3 || line == "$-1\r\n") return std::nullopt;
    if (line[0] != '$') return line.substr(0, line.size() - 2);
    const std::size_t size = std::strtoull(line.c_str() + 1, nullptr, 10);
    while (received_.size() < size + 2) {
      if (!receive_some()) return std::nullopt;
    }
    return take(size + 2).substr(0, size);
  }

 private:
  explicit Client(int descriptor) noexcept : descriptor_(descriptor) {}

  bool receive_some() {
    pollfd readable{descriptor_, POLLIN, 0};
    if (poll(&readable, 1, kPatienceMs) <= 0) return false;
    std::vector<char> buffer(1 << 16);
    const ssize_t count = recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (count > 0) received_.append(buffer.data(), static_cast<std::size_t>(count));
    return count > 0;
  }

  std::string take(std::size_t count) {
    std::string taken = received_.substr(0, count);
    received_.erase(0, count);
    return taken;
  }

  int descriptor_;
  std::string received_;
};

class Server {
 public:
  // `{socket}` and `{folder}` in the command stand for a path of its own. The first word is looked for in PATH.
  explicit Server(std::vector<std::string> command) {
    std::string pattern = (std::filesystem::temp_directory_path() / "corering_oracle_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    for (std::string& word : command) {
      if (word == "{socket}") word = socket_path();
      if (word == "{folder}") word = folder_;
    }
    start(command);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    if (process_ > 0) {
      kill(process_, SIGKILL);
      waitpid(process_, nullptr, 0);
    }
    std::filesystem::remove_all(folder_);
  }

  // Nothing if the program is not installed, or does not come up within a few seconds.
  std::optional<Client> connect() {
    for (int i = 0; i < 500; ++i) {
      if (auto client = Client::connect(socket_path())) return client;
      if (waitpid(process_, nullptr, WNOHANG) == process_) {
        process_ = -1;
        return std::nullopt;
      }
      usleep(10'000);
    }
    return std::nullopt;
  }

  static bool is_installed(const std::string& program) {
    std::string_view paths = std::getenv("PATH") != nullptr ? std::getenv("PATH") : "";
    while (!paths.empty()) {
      const std::size_t end = std::min(paths.find(':'), paths.size());
      if (access((std::filesystem::path(paths.substr(0, end)) / program).c_str(), X_OK) == 0) return true;
      paths.remove_prefix(std::min(end + 1, paths.size()));
    }
    return false;
  }

 private:
  std::string socket_path() const { return folder_ + "/socket"; }

  void start(const std::vector<std::string>& command) {
    std::vector<char*> words;
    for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    process_ = fork();
    if (process_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // no server outlives a killed test
    if (freopen("/dev/null", "w", stdout) == nullptr || freopen("/dev/null", "w", stderr) == nullptr) _exit(1);
    execvp(words[0], words.data());
    _exit(127);
  }

  std::string folder_;
  pid_t process_ = -1;
};

}  // namespace oracle
