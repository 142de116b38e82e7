#include "log_life.h"

#include <algorithm>
#include <utility>

#include "corering/cache/compression.h"
#include "corering/cache/file_marks.h"
#include "corering/cache/superblock.h"

namespace sim {

using cache::ColdRead;
using cache::RecordView;
using corering::testing::SimulatedDevice;

struct LogLife::Get {
  Get(LogLife& owner, std::size_t which) : life(owner), key(which) {}
  void on_read(ColdRead&) {
    if (life.working_) life.check_get(*this);
  }

  LogLife& life;
  std::size_t key;
  bool done = false;
  ColdRead read = ColdRead::to<&Get::on_read>(this);
};

namespace {

std::string plain_value(const RecordView& record) {
  const auto bytes = cache::plain_value_bytes(record);
  if (!bytes) return "no length";
  std::string value(*bytes, '\0');
  if (!cache::expand_value(record, std::as_writable_bytes(std::span(value)))) return "no LZ4 block";
  return value;
}

}  // namespace

LogLife::LogLife(std::uint64_t seed, Damage damage)
    : random_(seed),
      damage_(damage),
      layout_{.file_id = random_.next(), .segment_bytes = kSegmentBytes, .segment_count = random_.between(8, 14)},
      device_(layout_.file_bytes(), random_.next()) {
  for (std::size_t key = 0; key < kKeys; ++key) keys_[MapOwner::hash_of(LogOracle::key_name(key))] = key;
  faults_.short_transfer = random_.chance(500) ? 100 : 0;
  faults_.latency_max = std::chrono::milliseconds(random_.between(0, 20));
  if (random_.chance(200)) faults_.write_error = static_cast<unsigned>(random_.below(10));
  if (random_.chance(200)) faults_.sync_error = static_cast<unsigned>(random_.below(100));
  if (random_.chance(200)) faults_.read_error = static_cast<unsigned>(random_.below(100));
  value_bytes_max_ = random_.chance(200) ? 16000 : random_.between(30, 4000);
  l1_max_ = random_.between(1, 20);
  format();
}

// As LogFile does it.
void LogLife::format() {
  std::vector<std::byte> superblock(cache::kFileBlockBytes);
  cache::write_superblock(superblock, {.layout = layout_});
  device_.damage(0, superblock);
  cache::write_first_marks(layout_, [&](std::uint64_t offset, base::ByteView block) { device_.damage(offset, block); });
}

LogLife::~LogLife() {
  gets_.clear();
  if (log_ && !log_->is_idle()) device_.crash(SimulatedDevice::Failure::process);
}

LifeOutcome LogLife::run() {
  const std::size_t lives = random_.between(2, 4);
  for (std::size_t life = 0; life < lives && !failed(); ++life) {
    start();
    if (!failed()) check_all();
    if (!failed()) work(random_.between(1, 300));
    crash();
    if (damage_ == Damage::some && random_.chance(700)) this->damage();
  }
  if (!failed()) start();
  if (!failed()) check_all();
  add_counters();
  return outcome_;
}

void LogLife::fail(const std::string& what) {
  if (!failed()) outcome_.failure = what;
}

std::size_t LogLife::key_of(std::uint64_t hash) const { return keys_.at(hash); }

void LogLife::start() {
  working_ = false;
  // As LogFile does it: what an I/O error has poisoned is formatted again.
  const auto reading = cache::read_superblock(base::ByteView(device_.image()).first(cache::kFileBlockBytes));
  if (reading.problem == cache::SuperblockProblem::none && reading.superblock.poisoned) {
    layout_.file_id = random_.next();
    format();
    oracle_.lose_all();
  }
  device_.set_faults({.short_transfer = faults_.short_transfer, .latency_max = faults_.latency_max});
  owner_ = std::make_unique<MapOwner>(random_.next(), layout_.segment_count * kSegmentBytes);
  owner_->set_now_ms(now_ms_);
  owner_->set_fates({.memory_to_file = static_cast<unsigned>(random_.between(300, 1000)),
                     .memory_stays = 300,
                     .file_stays = static_cast<unsigned>(random_.between(0, 900)),
                     .file_to_memory = 200});
  owner_->on_lost = [this](std::uint64_t hash) { oracle_.lose(key_of(hash)); };
  owner_->on_synced = [this](cache::SyncTicket ticket, bool durable) { oracle_.end_sync(ticket, durable); };
  owner_->on_wanted = [this] { sync_waits_ = true; };
  const cache::LogOptions options{.segment_bytes = kSegmentBytes,
                                  .memory_segments = random_.between(2, 4),
                                  .staging_segments = random_.between(2, 4),
                                  .reads_in_flight_max = random_.between(1, 4),
                                  .reads_waiting_max = random_.between(1, 8),
                                  .step_bytes_max = random_.between(1, 20000),
                                  .compress = random_.chance(300),
                                  .compress_bytes_min = 64,
                                  .key_hash_seed = MapOwner::kHashSeed,
                                  .now_ms = now_ms_};
  auto opened = cache::Log::open(options, *owner_, device_, layout_);
  if (!opened) return fail(opened.error().text);
  log_ = std::move(*opened);
  owner_->set_log(*log_);
  for (int turns = 0; !log_->is_recovered(); ++turns) {
    if (turns == 100'000) return fail("the recovery does not end");
    turn();
  }
  device_.set_faults(faults_);
}

void LogLife::turn() {
  log_->step();
  const base::Duration next = device_.until_next();
  device_.advance(random_.chance(700) ? next : next + std::chrono::milliseconds(1));
}

// Every key once, against what may be there.
void LogLife::check_all() {
  device_.set_faults({});
  for (std::size_t key = 0; key < kKeys && !failed(); ++key) {
    std::string value;
    bool is_there = holds(key);
    if (is_there) {
      if (!find_value(key, value)) return fail(LogOracle::key_name(key) + " was recovered and cannot be read");
      is_there = holds(key);  // cleaning may have evicted it meanwhile
      ++outcome_.values_recovered;
    }
    const std::string wrong = oracle_.check_recovered(key, is_there ? &value : nullptr, now_ms_);
    if (!wrong.empty()) fail(wrong);
  }
  device_.set_faults(faults_);
}

// Not so if an overrun has made the file forget it: then its location is nowhere.
bool LogLife::holds(std::size_t key) {
  const MapOwner::Item* item = owner_->find(LogOracle::key_name(key));
  return item != nullptr && (item->location || !item->record.empty());
}

// Cleaning may move the record while it is being read.
bool LogLife::find_value(std::size_t key, std::string& value) {
  for (;;) {
    const cache::LogLocation location = owner_->find(LogOracle::key_name(key))->location;
    if (const auto pinned = log_->try_view(location)) {
      value = plain_value(pinned->record);
      return true;
    }
    Get one(*this, key);
    if (!log_->try_read(one.read, location)) return false;
    while (one.read.in_flight()) turn();
    if (one.read.outcome() == ColdRead::Outcome::record) {
      value = plain_value(one.read.record());
      return true;
    }
    if (!holds(key)) return true;
    if (owner_->find(LogOracle::key_name(key))->location == location) return false;
  }
}

void LogLife::work(std::size_t operations) {
  working_ = true;
  for (std::size_t count = 0; count < operations && !failed(); ++count) {
    ++outcome_.operations;
    if (sync_waits_) sync();
    operate();
    for (std::size_t turns = random_.below(4); turns > 0 && !failed(); --turns) turn();
    std::erase_if(gets_, [](const auto& get) { return get->done; });
  }
}

void LogLife::put(std::size_t key) {
  const std::size_t bytes = random_.between(20, value_bytes_max_);
  const std::int64_t expiry_ms =
      random_.chance(100) ? now_ms_ + static_cast<std::int64_t>(random_.below(1000)) : cache::kNeverExpires;
  owner_->put(LogOracle::key_name(key), oracle_.put(key, bytes, expiry_ms), expiry_ms);
  std::vector<std::uint64_t> in_l1;
  for (const auto& [hash, item] : owner_->items()) {
    if (!item.record.empty()) in_l1.push_back(hash);
  }
  if (in_l1.size() > l1_max_) owner_->evict(in_l1[random_.below(in_l1.size())]);
}

void LogLife::operate() {
  const std::size_t key = random_.below(kKeys);
  const std::uint64_t dice = random_.below(1000);
  if (dice < 500) return put(key);
  if (dice < 750) return get(key);
  if (dice < 870) {
    owner_->erase(LogOracle::key_name(key));
    return oracle_.erase(key);
  }
  if (dice < 872) {
    owner_->clear();
    for (std::size_t each = 0; each < kKeys; ++each) oracle_.erase(each);
    return;
  }
  if (dice < 900) {
    now_ms_ += static_cast<std::int64_t>(random_.below(200));
    return owner_->set_now_ms(now_ms_);
  }
  if (dice < 940) return sync();
  if (dice < 950) {
    if (log_->prepare_sync()) owner_->hand_over_some(random_.below(5));
    sync_waits_ = true;
    return;
  }
  for (std::size_t turns = random_.below(30); turns > 0; --turns) turn();
}

void LogLife::sync() {
  sync_waits_ = true;
  if (!working_ || !log_->prepare_sync()) return;
  sync_waits_ = false;
  owner_->hand_over();
  std::vector<bool> uncovered(kKeys);
  for (const auto& [hash, item] : owner_->items()) uncovered[key_of(hash)] = item.dirty;
  oracle_.begin_sync(log_->sync(), uncovered);
  ++outcome_.syncs;
}

void LogLife::get(std::size_t key) {
  const MapOwner::Item* item = owner_->find(LogOracle::key_name(key));
  if (item == nullptr) return;
  if (!item->record.empty()) return fail(oracle_.check_running(key, plain_value(RecordView(item->record.data()))));
  if (const auto pinned = log_->try_view(item->location)) {
    if (base::text_of(pinned->record.key()) != LogOracle::key_name(key)) return;
    fail(oracle_.check_running(key, plain_value(pinned->record)));
    if (random_.chance(200) && !pinned->record.is_compressed())
      owner_->promote(MapOwner::hash_of(LogOracle::key_name(key)), pinned->record);
    return;
  }
  auto get = std::make_unique<Get>(*this, key);
  if (log_->try_read(get->read, item->location)) {
    ++outcome_.reads;
    gets_.push_back(std::move(get));
  }
}

void LogLife::check_get(Get& get) {
  get.done = true;
  const MapOwner::Item* item = owner_->find(LogOracle::key_name(get.key));
  // Meanwhile deleted, overwritten or moved: the cache looks again.
  if (item == nullptr || item->location != get.read.location()) return;
  switch (get.read.outcome()) {
    case ColdRead::Outcome::record:
      if (base::text_of(get.read.record().key()) != LogOracle::key_name(get.key)) {
        // The same, and another record is there by now. The cache compares keys.
        if (log_->counters().read_errors.value() == 0) fail("a current location holds another key");
        return;
      }
      fail(oracle_.check_running(get.key, plain_value(get.read.record())));
      if (random_.chance(300) && !get.read.record().is_compressed()) {
        owner_->promote(MapOwner::hash_of(LogOracle::key_name(get.key)), get.read.record());
      }
      return;
    case ColdRead::Outcome::damaged:
      // A segment that cleaning could not read went without a word, and is in use again.
      if (log_->counters().read_errors.value() == 0) fail("a record is damaged that nobody has damaged");
      return;
    case ColdRead::Outcome::gone:
      // In memory again by the time it was asked for, or the file has failed, or forgotten everything.
      if (log_->counters().read_errors.value() == 0 && log_->residence(item->location) == cache::Log::Residence::file) {
        fail("a current record is gone");
      }
      return;
    default: return;
  }
}

void LogLife::add_counters() {
  if (!log_) return;
  const cache::LogCounters& counters = log_->counters();
  outcome_.cleaned_segments += counters.file_cleaned_segments.value();
  outcome_.overruns += counters.overruns.value();
  outcome_.damaged_pieces += counters.recovery_damaged_pieces.value();
  outcome_.refused += counters.file_refused.value() + counters.memory_refused.value();
}

void LogLife::crash() {
  add_counters();
  const bool file_failed = owner_->file_state() != cache::FileState::healthy;
  if (file_failed) ++outcome_.failed_files;
  // A segment that cleaning could not read is gone, and nobody knows what was in it.
  if (log_->counters().read_errors.value() != 0) oracle_.lose_all();
  // A file that could not be marked as failed keeps pages that the disk does not have: then only the power goes.
  const bool power = file_failed || random_.chance(500);
  device_.crash(power ? SimulatedDevice::Failure::power : SimulatedDevice::Failure::process);
  gets_.clear();
  log_.reset();
  owner_.reset();
  oracle_.give_up_syncs();
}

// A few pieces, or all from somewhere on: a file that was cut, and allocated again. The superblock is left alone: without one nothing
// starts.
void LogLife::damage() {
  oracle_.lose_all();
  for (std::size_t count = random_.between(1, 4); count > 0; --count) {
    ++outcome_.damages;
    if (random_.chance(900)) {
      damage_piece(random_.chance(500) ? 512 : 4096);
      continue;
    }
    const std::uint64_t from = random_.between(1, device_.bytes() / 512 - 1) * 512;
    device_.damage(from, std::vector<std::byte>(device_.bytes() - from));
  }
}

void LogLife::damage_piece(std::size_t bytes) {
  const std::size_t first = cache::kFileBlockBytes / bytes;
  const auto somewhere = [&] { return random_.between(first, device_.bytes() / bytes - 1) * bytes; };
  const auto piece_at = [&](std::uint64_t offset) {
    const auto begin = device_.image().begin() + static_cast<std::ptrdiff_t>(offset);
    return std::vector<std::byte>(begin, begin + static_cast<std::ptrdiff_t>(bytes));
  };
  const std::uint64_t here = somewhere();
  std::vector<std::byte> piece = piece_at(here);
  switch (random_.below(4)) {
    case 0: {
      const std::uint64_t there = somewhere();
      device_.damage(here, piece_at(there));
      return device_.damage(there, piece);
    }
    case 1: return device_.damage(here, piece_at(somewhere()));  // misdirected
    case 2: return device_.damage(here, std::vector<std::byte>(bytes));
    default: piece[random_.below(bytes)] ^= static_cast<std::byte>(1U << random_.below(8)); return device_.damage(here, piece);
  }
}

}  // namespace sim
