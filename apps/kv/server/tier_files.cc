#include "kv/server/tier_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "kv/protocol/key_slot.h"

namespace kv {

namespace {

using namespace corering;
using cache::LogFile;

std::unexpected<base::Error> refused(std::string text, int os_error = 0) {
  return base::failure({base::ErrorCode::system, os_error, std::move(text)});
}

std::string name_of(unsigned core, unsigned cores) {
  return "core-" + std::to_string(core) + "-of-" + std::to_string(cores) + ".l3";
}

std::string path_of(const TierFileOptions& options, unsigned core) { return options.folder + "/" + name_of(core, options.cores); }

// The number of cores that a file of ours was made for, by its name.
std::optional<unsigned> cores_of(std::string_view name) noexcept {
  unsigned core = 0;
  unsigned cores = 0;
  if (!name.starts_with("core-")) return std::nullopt;
  const char* const end = name.data() + name.size();
  const auto first = std::from_chars(name.data() + 5, end, core);
  if (first.ec != std::errc() || !std::string_view(first.ptr, end).starts_with("-of-")) return std::nullopt;
  const auto second = std::from_chars(first.ptr + 4, end, cores);
  if (second.ec != std::errc() || std::string_view(second.ptr, end) != ".l3") return std::nullopt;
  return cores;
}

// Which slots it holds, and among how many cores: what its header says of a file.
std::uint64_t owner_of(unsigned core, unsigned cores) noexcept {
  const std::uint64_t slots = protocol::kSlotCount;
  const std::uint64_t first = (core * slots + cores - 1) / cores;
  const std::uint64_t end = ((core + 1) * slots + cores - 1) / cores;
  return std::uint64_t{cores} << 32 | first << 16 | (end - 1);
}

base::Result<> make_folder(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) {
    struct stat status = {};
    if (::stat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return {};
    return refused("found --l3_path=" + folder + ", which is not a folder: name one for the cache files");
  }
  const int error = errno;
  return refused("cannot make the folder --l3_path=" + folder + ": " + base::errno_text(error) +
                     ": make it, or choose another that this user may write",
                 error);
}

// Not one that a server is using.
base::Result<> remove_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return refused("cannot remove " + path + ": " + base::errno_text(errno), errno);
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  const bool is_ours = ::fcntl(fd, F_OFD_SETLK, &lock) == 0 && ::unlink(path.c_str()) == 0;
  const int error = errno;
  ::close(fd);
  if (is_ours) return {};
  return refused(
      "cannot remove " + path + ", a file of another number of cores: " + base::errno_text(error) + ": is another server using it?",
      error);
}

base::Result<> check_others(const TierFileOptions& options) {
  std::error_code error;
  std::filesystem::directory_iterator files(options.folder, error);
  if (error) return refused("cannot read the folder --l3_path=" + options.folder + ": " + error.message(), error.value());
  for (const auto& file : files) {
    const auto cores = cores_of(file.path().filename().string());
    if (!cores || *cores == options.cores) continue;
    if (!options.resets) {
      return refused("found cache files of " + std::to_string(*cores) + " cores in " + options.folder + ", need files of " +
                     std::to_string(options.cores) + ": start with --cores=" + std::to_string(*cores) +
                     ", choose another --l3_path, or throw them away with --l3_reset");
    }
    if (auto removed = remove_file(file.path().string()); !removed) return removed;
  }
  return {};
}

// The kernel takes a ring apart after its process has gone, and until then a file that the ring had in hand stays locked. So whoever
// starts a server where one was killed a moment ago has to wait a little.
base::Result<LogFile> open_when_free(const LogFile::Options& options) {
  constexpr int kAttempts = 100;
  for (int attempt = 1;; ++attempt) {
    auto file = LogFile::open(options);
    if (file || file.error().code != base::ErrorCode::address_in_use || attempt == kAttempts) return file;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

// The library's words, and what to do about it here.
base::Error with_remedy(base::Error error) {
  if (error.os_error == ENOSPC || error.os_error == EFBIG) error.text += ": make room, or ask for less with --l3_bytes";
  if (error.os_error == EACCES || error.os_error == EPERM || error.os_error == EROFS) {
    error.text += ": choose an --l3_path that this user may write";
  }
  if (error.code == base::ErrorCode::invalid_argument) error.text += " (--l3_reset)";
  error.code = base::ErrorCode::system;
  return error;
}

}  // namespace

base::Result<TierFiles> TierFiles::open(const TierFileOptions& options) {
  if (auto made = make_folder(options.folder); !made) return base::failure(std::move(made.error()));
  if (auto checked = check_others(options); !checked) return base::failure(std::move(checked.error()));
  TierFiles files;
  std::vector<std::string> made;
  for (unsigned core = 0; core < options.cores; ++core) {
    const std::string path = path_of(options, core);
    if (::access(path.c_str(), F_OK) != 0) made.push_back(path);
    auto file = open_when_free({.path = path,
                                .bytes_max = options.bytes / options.cores,
                                .owner = owner_of(core, options.cores),
                                .content = options.resets ? LogFile::Content::reset : LogFile::Content::keep});
    if (!file) {
      // They would be refused for their size when the operator asks for less.
      for (const std::string& one : made) ::unlink(one.c_str());
      return base::failure(with_remedy(std::move(file.error())));
    }
    files.files_.push_back(std::move(*file));
  }
  return files;
}

}  // namespace kv
