#include "crash_file.h"

#include <span>
#include <utility>

#include "corering/cache/compression.h"

namespace crash {

using cache::ColdRead;

std::string CrashFile::open(const std::string& path, std::uint64_t seed) {
  auto file = cache::LogFile::open({.path = path, .bytes_max = kBytes, .segment_bytes = kSegmentBytes});
  if (!file) return file.error().text;
  file_.emplace(std::move(*file));
  const cache::LogFileLayout& layout = file_->layout();
  device_ = std::make_unique<cache::PosixDevice>(file_->fd(), layout.file_bytes());
  owner_ = std::make_unique<sim::MapOwner>(seed, layout.segment_count * layout.segment_bytes);
  const cache::LogOptions options{.segment_bytes = kSegmentBytes,
                                  .memory_segments = 4,
                                  .staging_segments = 3,
                                  .reads_in_flight_max = 4,
                                  .compress = seed % 2 == 0,
                                  .key_hash_seed = sim::MapOwner::kHashSeed,
                                  .now_ms = 1};
  auto opened = cache::Log::open(options, *owner_, *device_, layout);
  if (!opened) return opened.error().text;
  log_ = std::move(*opened);
  owner_->set_log(*log_);
  while (!log_->is_recovered()) log_->step();
  return {};
}

std::optional<std::string> CrashFile::read(const std::string& key) {
  const auto plain = [](const cache::RecordView& record) -> std::optional<std::string> {
    const auto bytes = cache::plain_value_bytes(record);
    if (!bytes) return std::nullopt;
    std::string value(*bytes, '\0');
    if (!cache::expand_value(record, std::as_writable_bytes(std::span(value)))) return std::nullopt;
    return value;
  };
  // Cleaning may move the record while it is being read.
  for (;;) {
    const sim::MapOwner::Item* item = owner_->find(key);
    if (item == nullptr) return std::nullopt;
    if (!item->record.empty()) return plain(cache::RecordView(item->record.data()));
    const cache::LogLocation location = item->location;
    if (const auto pinned = log_->try_view(location)) return plain(pinned->record);
    ColdRead read([](void*, ColdRead&) {}, nullptr);
    if (!log_->try_read(read, location)) return std::nullopt;
    while (read.in_flight()) log_->step();
    if (read.outcome() == ColdRead::Outcome::record) {
      if (base::text_of(read.record().key()) != key) return std::nullopt;
      return plain(read.record());
    }
    item = owner_->find(key);
    if (item == nullptr || item->location == location) return std::nullopt;
  }
}

void CrashFile::settle() {
  while (log_->step() || !log_->is_idle()) {
  }
}

void CrashFile::close() {
  if (log_) settle();
  log_.reset();
  owner_.reset();
  device_.reset();
  file_.reset();
}

}  // namespace crash
