// 64 bytes out of, and into, a file that is in the page cache: MappedFile beside pread and pwrite.

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "corering/mem/mapped_file.h"

namespace {

using corering::mem::MappedFile;

constexpr std::size_t kFileBytes = std::size_t{1} << 20;

// A file that is gone when it ends.
class Scratch {
 public:
  Scratch() {
    path_ = (std::filesystem::temp_directory_path() / "mapped_file_bench_XXXXXX").string();
    fd_ = ::mkstemp(path_.data());
    auto file = MappedFile::open(path_, {.size_bytes = kFileBytes, .mode = MappedFile::Mode::create});
    if (!file) {
      std::fprintf(stderr, "%s\n", file.error().text.c_str());
      std::exit(1);
    }
    file_ = std::make_unique<MappedFile>(std::move(*file));
    // No zeros, as in a file with something in it: a zero costs a question more.
    const std::string text(kFileBytes, 'x');
    if (!file_->write(0, std::as_bytes(std::span(text)))) std::exit(1);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    ::close(fd_);
    ::unlink(path_.c_str());
  }

  MappedFile& file() { return *file_; }
  int fd() const { return fd_; }

 private:
  std::string path_;
  int fd_ = -1;
  std::unique_ptr<MappedFile> file_;
};

struct Place {
  std::size_t offset = 0;
  std::size_t next() { return offset = (offset + 4096 + 64) % (kFileBytes - 64); }
};

void mapped_read(benchmark::State& state) {
  Scratch scratch;
  Place place;
  std::array<std::byte, 64> bytes{};
  for (auto _ : state) benchmark::DoNotOptimize(scratch.file().read(place.next(), bytes).has_value());
}

void pread_read(benchmark::State& state) {
  const Scratch scratch;
  Place place;
  std::array<std::byte, 64> bytes{};
  for (auto _ : state)
    benchmark::DoNotOptimize(::pread(scratch.fd(), bytes.data(), bytes.size(), static_cast<off_t>(place.next())));
}

void mapped_write(benchmark::State& state) {
  Scratch scratch;
  Place place;
  std::array<std::byte, 64> bytes;
  bytes.fill(std::byte{'y'});
  for (auto _ : state) benchmark::DoNotOptimize(scratch.file().write(place.next(), bytes).has_value());
}

void pwrite_write(benchmark::State& state) {
  const Scratch scratch;
  Place place;
  std::array<std::byte, 64> bytes;
  bytes.fill(std::byte{'y'});
  for (auto _ : state)
    benchmark::DoNotOptimize(::pwrite(scratch.fd(), bytes.data(), bytes.size(), static_cast<off_t>(place.next())));
}

BENCHMARK(mapped_read);
BENCHMARK(pread_read);
BENCHMARK(mapped_write);
BENCHMARK(pwrite_write);

}  // namespace
