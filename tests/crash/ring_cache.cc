#include "ring_cache.h"

#include <chrono>
#include <utility>

namespace crash {

namespace {

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

RingCache::RingCache() {
  auto ring = ring::Ring::open(backend_, {});
  if (!ring) return;  // open() says so
  ring_.emplace(std::move(*ring));
  if (!ring_->enable()) ring_.reset();
}

RingCache::~RingCache() {
  if (cache_) stop();
}

std::string RingCache::open(const std::string& path) {
  if (!ring_) return "no ring";
  auto file = cache::LogFile::open({.path = path, .bytes_max = kFileBytes, .segment_bytes = kSegmentBytes});
  if (!file) return file.error().text;
  file_.emplace(std::move(*file));
  buffers_.emplace(*ring_, base::MutableBytes());
  device_.emplace(*ring_, *buffers_, file_->fd(), file_->layout().file_bytes());
  cache::CacheOptions options{.l1_bytes = kL1Bytes, .now_ms = now_ms()};
  options.log = {.segment_bytes = kSegmentBytes, .memory_segments = 4};
  options.device = &*device_;
  options.layout = file_->layout();
  options.sync_ms = 2;
  auto opened = cache::Cache::open(options);
  if (!opened) return opened.error().text;
  cache_ = std::move(*opened);
  while (!cache_->is_recovered()) turn(Wait::a_moment);
  return {};
}

void RingCache::turn(Wait wait) {
  cache_->advance(now_ms());
  if (wait == Wait::no) {
    ring_->enter({});
  } else {
    ring_->enter({.wait_count = 1, .timeout = std::chrono::microseconds(500)});
  }
  for (auto batch = ring_->reap(); !batch.empty(); batch = ring_->reap()) {
    for (const ring::Cqe& cqe : batch) ring_->dispatch(cqe);
  }
}

std::optional<std::string> RingCache::read(const std::string& key) {
  const cache::GetResult found = cache_->get(base::bytes_of(key));
  if (found.status == cache::GetStatus::hit) return std::string(base::text_of(found.item.value()));
  if (found.status == cache::GetStatus::miss) return std::nullopt;
  cache::Fetch fetch([](void*, cache::Fetch&) {}, nullptr);
  while (!cache_->try_fetch(fetch, base::bytes_of(key), cache::Fetch::Purpose::read)) turn(Wait::a_moment);
  while (fetch.in_flight()) turn(Wait::a_moment);
  if (fetch.outcome() != cache::Fetch::Outcome::hit) return std::nullopt;
  return std::string(base::text_of(fetch.item().value()));
}

void RingCache::fetch(const std::string& key) {
  cache::Fetch fetch([](void*, cache::Fetch&) {}, nullptr);
  while (!cache_->try_fetch(fetch, base::bytes_of(key), cache::Fetch::Purpose::change)) turn(Wait::a_moment);
  while (fetch.in_flight()) turn(Wait::a_moment);
}

void RingCache::stop() {
  cache_->begin_stop();
  while (!cache_->is_stopped()) turn(Wait::a_moment);
}

std::uint64_t RingCache::evictions() {
  const cache::CacheCounters& counters = cache_->counters();
  const cache::LogCounters& log = cache_->log()->counters();
  return counters.l1_evicted.value() + counters.log_too_large.value() + counters.stop_lost.value() + counters.fetch_errors.value() +
         log.memory_dropped_records.value() + log.file_dropped_records.value() + log.overruns.value() + log.read_errors.value();
}

}  // namespace crash
