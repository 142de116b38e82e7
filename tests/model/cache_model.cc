#include "cache_model.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

namespace model {

using namespace corering;
using cache::Condition;
using cache::Fetch;
using cache::GetResult;
using cache::GetStatus;
using cache::RemoveStatus;
using cache::WriteResult;
using cache::WriteStatus;

namespace {

constexpr std::int64_t kStart = 1'700'000'000'000;
constexpr std::size_t kHeldMax = 3;

}  // namespace

CacheModel::CacheModel(const Shape& shape, std::uint64_t seed) : shape_(shape), random_(seed), now_ms_(kStart) {
  cache::CacheOptions options = shape.cache;
  options.now_ms = now_ms_;
  options.hash_seed = seed + 1;
  if (shape.file_segments > 0) {
    options.layout = {.file_id = seed + 1, .segment_bytes = options.log->segment_bytes, .segment_count = shape.file_segments};
    device_ = std::make_unique<testing::SimulatedDevice>(options.layout.file_bytes(), seed);
    device_->set_faults(shape.faults);
    options.device = device_.get();
  }
  auto opened = cache::Cache::open(options);
  if (!opened) {
    fail("open: " + opened.error().text);
    return;
  }
  cache_ = std::move(*opened);
  while (!cache_->is_recovered()) turn();
}

CacheModel::~CacheModel() {
  held_.clear();
  if (!cache_) return;
  cache_->begin_stop();
  while (!cache_->is_stopped()) turn();
}

void CacheModel::run(std::uint64_t operations) {
  for (std::uint64_t count = 0; count < operations && failure_.empty(); ++count, ++operation_) step();
}

void CacheModel::step() {
  const std::uint64_t dice = random_.below(10'000);
  if (dice < 4'500) return get();
  if (dice < 7'000) return put();
  if (dice < 7'800) return modify();
  if (dice < 8'800) return remove();
  if (dice < 9'100) return touch();
  if (dice < 9'300) return reserve();
  if (dice < 9'500) return hold();
  if (dice < 9'550) return get_batch();
  if (dice < 9'553) return scan();
  if (dice < 9'554) return clear();
  pass_time();
}

// --- operations

void CacheModel::get() {
  const std::string key = random_key();
  GetResult result = cache_->get(base::bytes_of(key));
  if (result.status == GetStatus::hit) return static_cast<void>(matches(result.item, key));
  if (result.status == GetStatus::miss) return forgotten(key);
  fetch(key, Fetch::Purpose::read);
}

void CacheModel::get_batch() {
  std::vector<std::string> names(1 + random_.below(50));
  std::vector<base::ByteView> keys;
  for (std::string& name : names) keys.push_back(base::bytes_of(name = random_key()));
  std::vector<GetResult> results(keys.size());
  cache_->get_batch(keys, results);
  for (std::size_t index = 0; index < keys.size(); ++index) {
    if (results[index].status == GetStatus::hit) matches(results[index].item, names[index]);
    if (results[index].status == GetStatus::miss) forgotten(names[index]);
  }
}

void CacheModel::put() {
  const std::string key = random_key();
  const Entry entry{random_value(), random_expiry(), random_.chance(100) ? 7U : 0U, 0};
  cache::PutOptions options{.expiry_ms = entry.expiry_ms, .client_flags = entry.flags};
  if (random_.chance(250)) options.condition = static_cast<Condition>(random_.below(4));
  for (;;) {
    const Entry* before = known(key);
    options.version = before != nullptr && random_.chance(700) ? before->version : 1;
    const WriteResult result = cache_->put(base::bytes_of(key), base::bytes_of(entry.value), options);
    switch (result.status) {
      case WriteStatus::cold:
        if (!fetch(key, Fetch::Purpose::change)) return;
        continue;
      case WriteStatus::stored:
        if (options.condition == Condition::if_absent) forgotten(key);
        if (options.condition == Condition::if_absent && known(key) != nullptr) fail("if_absent stored over " + key);
        if ((options.condition == Condition::if_present || options.condition == Condition::if_version) && before == nullptr)
          fail("stored without what should be present: " + key);
        if (options.condition == Condition::if_version && before != nullptr && before->version != options.version)
          fail("stored over another version of " + key);
        return stored(key, entry, result.version);
      case WriteStatus::present:
        if (before == nullptr) fail("present, but deleted: " + key);
        return;
      case WriteStatus::absent: return forgotten(key);
      case WriteStatus::differs:
        if (before == nullptr || before->version == options.version) fail("differs, but does not: " + key);
        return;
      case WriteStatus::no_memory:
        if (shape_.forgetting == Forgetting::never) fail("no memory");
        return;
      case WriteStatus::too_large: return fail("too large");
    }
  }
}

// Cuts or appends, as its length says, and writes over the first byte.
void CacheModel::modify() {
  const std::string key = random_key();
  const std::size_t bytes = random_.below(shape_.value_bytes_max + 1);
  for (;;) {
    const Entry* before = known(key);
    std::string expected = before != nullptr ? before->value.substr(0, bytes) : "";
    expected.resize(bytes, '+');
    if (bytes > 0) expected[0] = '!';
    bool kept = true;
    const WriteResult result = cache_->modify(base::bytes_of(key), bytes, {}, [&](base::MutableBytes value) {
      const std::size_t old = before != nullptr ? std::min(before->value.size(), bytes) : 0;
      kept = before != nullptr && base::text_of(value.first(old)) == before->value.substr(0, old);
      std::ranges::fill(value.subspan(old), std::byte{'+'});
      if (bytes > 0) value[0] = std::byte{'!'};
    });
    if (result.status == WriteStatus::cold) {
      if (!fetch(key, Fetch::Purpose::change)) return;
      continue;
    }
    if (result.status == WriteStatus::absent) return forgotten(key);
    if (result.status == WriteStatus::no_memory && shape_.forgetting == Forgetting::allowed) return;
    if (result.status != WriteStatus::stored)
      return fail("modify of " + key + ": " + std::to_string(static_cast<int>(result.status)));
    if (!kept) return fail("modify found another value of " + key);
    return stored(key, {expected, before->expiry_ms, before->flags, 0}, result.version);
  }
}

void CacheModel::touch() {
  const std::string key = random_key();
  const std::int64_t expiry_ms = random_expiry();
  for (;;) {
    const WriteResult result = cache_->touch(base::bytes_of(key), expiry_ms);
    if (result.status == WriteStatus::cold) {
      if (!fetch(key, Fetch::Purpose::change)) return;
      continue;
    }
    if (result.status == WriteStatus::absent) return forgotten(key);
    if (result.status == WriteStatus::no_memory && shape_.forgetting == Forgetting::allowed) return;
    const Entry* before = known(key);
    if (before == nullptr || result.status != WriteStatus::stored) return fail("touch of " + key);
    return stored(key, {before->value, expiry_ms, before->flags, 0}, result.version);
  }
}

void CacheModel::remove() {
  const std::string key = random_key();
  for (;;) {
    const RemoveStatus status = cache_->remove(base::bytes_of(key));
    if (status == RemoveStatus::cold) {
      if (!fetch(key, Fetch::Purpose::change)) return;
      continue;
    }
    if (status == RemoveStatus::removed && known(key) == nullptr) return fail("removed what was not there: " + key);
    if (status == RemoveStatus::absent) forgotten(key);
    map_.erase(key);
    return;
  }
}

void CacheModel::reserve() {
  const std::string key = random_key();
  const Entry entry{random_value(), random_expiry(), 0, 0};
  const cache::PutOptions options{.expiry_ms = entry.expiry_ms};
  auto reservation = cache_->try_reserve(base::bytes_of(key), entry.value.size(), options);
  if (!reservation) {
    if (shape_.forgetting == Forgetting::never) fail("no memory for a reservation");
    return;
  }
  if (!entry.value.empty()) std::memcpy(reservation.value().data(), entry.value.data(), entry.value.size());
  for (std::uint64_t others = random_.below(20); others > 0; --others) {
    if (random_.chance(500)) put();
    if (random_.chance(300)) remove();
  }
  if (random_.chance(2)) clear();
  if (random_.chance(200)) return;
  for (;;) {
    const WriteResult result = cache_->commit(reservation, base::bytes_of(key), options);
    if (result.status == WriteStatus::cold) {
      if (!fetch(key, Fetch::Purpose::change)) return;
      continue;
    }
    if (result.status == WriteStatus::stored) return stored(key, entry, result.version);
    if (result.status != WriteStatus::no_memory || shape_.forgetting == Forgetting::never) fail("commit of " + key);
    return;
  }
}

void CacheModel::clear() {
  cache_->clear();
  map_.clear();
  if (cache_->item_count() != 0) fail("a clear left something");
}

void CacheModel::scan() {
  std::set<std::string> seen;
  std::uint64_t cold = 0;
  std::uint64_t cursor = 0;
  do {
    cursor = cache_->scan(
        cursor,
        [&](const cache::ItemRef& item) {
          const std::string key(base::text_of(item.key()));
          matches(item, key);
          seen.insert(key);
        },
        [&](cache::ColdItem) { ++cold; });
  } while (cursor != 0);
  if (shape_.forgetting == Forgetting::allowed) return;
  std::uint64_t missing = 0;
  for (const auto& [key, entry] : map_) missing += known(key) != nullptr && !seen.contains(key);
  if (missing > cold) fail("a scan missed " + std::to_string(missing - cold) + " items");
}

// A reply that is still being sent: it must not change.
void CacheModel::hold() {
  if (held_.size() == kHeldMax) {
    const Held& held = held_.front();
    if (base::text_of(held.item.key()) != held.key || base::text_of(held.item.value()) != held.value)
      fail("a pinned item has changed: " + held.key);
    held_.pop_front();
  }
  const std::string key = random_key();
  GetResult result = cache_->get(base::bytes_of(key));
  if (result.status == GetStatus::miss) return forgotten(key);
  if (result.status != GetStatus::hit || !matches(result.item, key)) return;
  std::string value(base::text_of(result.item.value()));
  held_.push_back({std::move(result.item), key, std::move(value)});
}

void CacheModel::pass_time() {
  now_ms_ += static_cast<std::int64_t>(random_.below(20));
  turn();
}

void CacheModel::check_everything() {
  std::vector<std::string> keys;
  for (const auto& [key, entry] : map_) keys.push_back(key);
  for (const std::string& key : keys) {
    GetResult result = cache_->peek(base::bytes_of(key));
    if (result.status == GetStatus::hit) matches(result.item, key);
    if (result.status == GetStatus::miss && shape_.forgetting == Forgetting::never && known(key) != nullptr) fail("lost: " + key);
    if (result.status == GetStatus::cold && !fetch(key, Fetch::Purpose::read)) return;
    if (!failure_.empty()) return;
  }
  const auto& counted = cache_->counters();
  if (counted.gets.value() != counted.l1_hits.value() + counted.l2_hits.value() + counted.l3_hits.value() + counted.misses.value())
    fail("hits and misses do not add up");
}

// --- helpers

std::string CacheModel::random_key() {
  // Half of the operations fall on an eighth of the keys.
  const std::uint64_t bound = random_.chance(500) ? shape_.keys / 8 + 1 : shape_.keys;
  const std::uint64_t number = random_.below(bound);
  std::string key = "key" + std::to_string(number);
  if (number % 50 == 0) key.append(100, 'k');
  return key;
}

std::string CacheModel::random_value() {
  const std::size_t bytes_max = random_.chance(500) ? std::min<std::size_t>(shape_.value_bytes_max, 64) : shape_.value_bytes_max;
  std::string value(random_.below(bytes_max + 1), static_cast<char>('a' + random_.below(26)));
  const std::string number = std::to_string(operation_);
  value.replace(0, std::min(value.size(), number.size()), number, 0, std::min(value.size(), number.size()));
  return value;
}

std::int64_t CacheModel::random_expiry() {
  return random_.chance(200) ? now_ms_ + static_cast<std::int64_t>(random_.below(300)) : cache::kNeverExpires;
}

CacheModel::Entry* CacheModel::known(const std::string& key) {
  const auto found = map_.find(key);
  if (found == map_.end()) return nullptr;
  if (found->second.expiry_ms != cache::kNeverExpires && found->second.expiry_ms <= now_ms_) return nullptr;
  return &found->second;
}

bool CacheModel::matches(const cache::ItemRef& item, const std::string& key) {
  const Entry* entry = known(key);
  if (entry == nullptr) {
    fail("there again: " + key);
  } else if (base::text_of(item.key()) != key || base::text_of(item.value()) != entry->value) {
    fail("another value of " + key);
  } else if (item.expiry_ms() != entry->expiry_ms || item.client_flags() != entry->flags || item.version() != entry->version) {
    fail("another expiry, flags or version of " + key);
  }
  return failure_.empty();
}

void CacheModel::forgotten(const std::string& key) {
  if (known(key) == nullptr) return;
  if (shape_.forgetting == Forgetting::never) fail("lost: " + key);
  map_.erase(key);
}

void CacheModel::stored(const std::string& key, Entry entry, std::uint64_t version) {
  if (version <= last_version_) fail("a version that is not the greatest");
  last_version_ = version;
  entry.version = version;
  map_[key] = std::move(entry);
}

// Waits for the file. False if the disk fails.
bool CacheModel::fetch(const std::string& key, Fetch::Purpose purpose) {
  // What the item is worth is known when it comes: the others go on.
  struct Waiter {
    void on_end(Fetch& fetch) {
      if (fetch.outcome() == Fetch::Outcome::hit) matched = model.matches(fetch.item(), key);
      if (fetch.outcome() == Fetch::Outcome::miss) model.forgotten(key);
      ended = true;
    }
    CacheModel& model;
    const std::string& key;
    bool matched = false;
    bool ended = false;
  } waiter{*this, key};
  Fetch fetch = Fetch::to<&Waiter::on_end>(&waiter);
  if (!cache_->try_fetch(fetch, base::bytes_of(key), purpose)) return false;
  for (int turns = 0; !waiter.ended; ++turns) {
    // Others go on meanwhile: this is where races live.
    if (random_.chance(100)) pass_time();
    if (random_.chance(200) && purpose == Fetch::Purpose::read) {
      put();
      remove();
    }
    turn();
    if (turns > 100'000) {
      fail("a fetch never ends");
      return false;
    }
  }
  return waiter.matched || fetch.outcome() == Fetch::Outcome::miss;
}

void CacheModel::turn() {
  if (device_) device_->advance(std::chrono::microseconds(random_.below(500)));
  cache_->advance(now_ms_);
}

void CacheModel::fail(const std::string& what) {
  if (failure_.empty()) failure_ = "operation " + std::to_string(operation_) + ": " + what;
}

}  // namespace model
