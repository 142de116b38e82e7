// The part of Keyspace that knows of databases as wholes: how many keys, emptying, exchanging, and what of that outlives the process.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <numeric>
#include <utility>

#include "corering/base/assert.h"
#include "kv/store/keyspace.h"

namespace kv {

namespace {

using corering::base::bytes_of;
using corering::base::text_of;
using corering::cache::ColdItem;
using corering::cache::GetStatus;
using corering::cache::ItemRef;

constexpr std::uint64_t kCountedMax = 1'000'000;
constexpr std::uint64_t kSampled = 10'000;
constexpr std::size_t kSweptPerTurn = 64;  // groups of the index
constexpr char kStateKey[] = {'\xff'};

// The state as it is stored. A mark of kThisVersion is the version of the item that it is read from.
struct State {
  std::array<std::uint8_t, kDatabaseCount> prefixes;
  std::array<std::uint64_t, kDatabaseCount> marks;
  std::array<std::uint64_t, kDatabaseCount> counts;
  std::uint32_t used;
  std::uint32_t reserved = 0;
};
constexpr std::uint64_t kThisVersion = ~std::uint64_t{0};

std::string_view state_key() noexcept { return {kStateKey, sizeof kStateKey}; }

std::uint8_t prefix_of(const ItemRef& item) noexcept { return static_cast<std::uint8_t>(item.key()[0]); }

}  // namespace

// --- counting

std::uint64_t Keyspace::size(unsigned database) {
  const std::uint8_t prefix = prefixes_[database];
  if ((used_ >> prefix & 1) == 0) return 0;
  if (!only_uses(prefix) || is_sweeping_) return count_by_scan(prefix, kCountedMax);
  const bool has_state = cache_->peek(bytes_of(state_key())).status != GetStatus::miss;
  return cache_->item_count() - (has_state && cache_->item_count() > 0 ? 1 : 0);
}

// What is in the file has no key that can be read here: it is counted as what is in memory is distributed, or, if that is too little to
// tell, as it was distributed when it was last enough.
std::uint64_t Keyspace::count_by_scan(std::uint8_t prefix, std::uint64_t seen_max) {
  constexpr std::uint64_t kEnough = 1000;
  std::array<std::uint64_t, kDatabaseCount> counts{};
  std::uint64_t seen = 0;
  std::uint64_t cursor = 0;
  do {
    cursor = cache_->scan(
        cursor,
        [&](const ItemRef& item) {
          const std::uint8_t found = prefix_of(item);
          if (found >= kDatabaseCount) return;
          ++seen;
          if (item.version() > marks_[found]) ++counts[found];
        },
        [](ColdItem) {});
  } while (cursor != 0 && seen < seen_max);
  const bool is_all = cursor == 0 && cache_->log() == nullptr;
  if (is_all || seen >= kEnough || seen + 1 >= cache_->item_count()) counts_ = counts;  // one is the state's
  if (is_all) return counts[prefix];
  const std::uint64_t total = std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
  return total == 0 ? 0
                    : static_cast<std::uint64_t>(static_cast<double>(counts_[prefix]) / static_cast<double>(total) *
                                                     static_cast<double>(cache_->item_count()) +
                                                 0.5);
}

void Keyspace::begin_use(std::uint8_t prefix) {
  used_ |= 1U << prefix;
  if (cache_->log() != nullptr) write_state();
}

bool Keyspace::random_key(unsigned database, std::uint64_t random, std::string& key) {
  if ((used_ >> prefixes_[database] & 1) == 0) return false;
  const std::uint64_t start = names_ != nullptr && names_->start ? *names_->start : random & ~std::uint64_t{1023};
  std::uint64_t cursor = start;
  bool has_wrapped = false;
  do {
    // Each of the n keys of a group takes the place of those before it with a chance of 1 in n.
    std::uint64_t seen = 0;
    cursor = scan(database, cursor, [&](std::string_view name) {
      random = random * 6364136223846793005 + 1442695040888963407;
      if (++seen == 1 || (random >> 33) % seen == 0) key.assign(name);
    });
    if (seen != 0) return true;
    if (cursor == 0 && std::exchange(has_wrapped, true)) return false;
  } while (!has_wrapped || cursor <= start);
  return false;
}

// --- emptying and exchanging

void Keyspace::clear(unsigned database) {
  const std::uint8_t prefix = prefixes_[database];
  if ((used_ >> prefix & 1) == 0) return;
  if (only_uses(prefix)) {
    cache_->clear();
    marks_[prefix] = 0;
    has_marks_ = is_sweeping_ = false;
    if (!state_is_plain_) write_state();
    return;
  }
  // Until the item of the state is stored, what is gone is what it will say.
  marks_[prefix] = kThisVersion;
  used_ &= ~(1U << prefix);
  const bool stored = write_state();
  has_marks_ = is_sweeping_ = true;
  sweep_cursor_ = 0;
  if (stored) return;
  // No memory even for that: at once, then.
  while (is_sweeping_) sweep_flushed();
  marks_[prefix] = 0;
}

void Keyspace::clear_all() {
  cache_->clear();
  marks_.fill(0);
  used_ = 1U << prefixes_[0];
  has_marks_ = is_sweeping_ = false;
  if (!state_is_plain_) write_state();
}

void Keyspace::clear_at(unsigned database, std::int64_t at_ms) {
  clear_at_ms_[prefixes_[database]] = at_ms;
  has_appointments_ = true;
}

void Keyspace::keep_appointments() {
  has_appointments_ = false;
  for (unsigned database = 0; database < kDatabaseCount; ++database) {
    std::int64_t& at_ms = clear_at_ms_[prefixes_[database]];
    if (at_ms == 0) continue;
    if (at_ms <= cache_->now_ms()) {
      at_ms = 0;
      clear(database);
    } else {
      has_appointments_ = true;
    }
  }
}

void Keyspace::swap(unsigned one, unsigned other) {
  std::swap(prefixes_[one], prefixes_[other]);
  if (cache_->log() != nullptr) write_state();
}

void Keyspace::sweep_flushed() {
  std::vector<std::string> gone;
  for (std::size_t group = 0; group < kSweptPerTurn; ++group) {
    sweep_cursor_ = cache_->scan(sweep_cursor_, [&](const ItemRef& item) {
      const std::uint8_t prefix = prefix_of(item);
      if (prefix < kDatabaseCount && item.version() <= marks_[prefix]) gone.emplace_back(text_of(item.key()));
    });
    for (const std::string& key : gone) cache_->remove(bytes_of(key));
    gone.clear();
    if (sweep_cursor_ != 0) continue;
    is_sweeping_ = false;
    // What lies in the file is recognised when it is met.
    if (cache_->log() == nullptr) {
      marks_.fill(0);
      has_marks_ = false;
    }
    return;
  }
}

// --- the state

bool Keyspace::write_state() {
  if (cache_->log() != nullptr && std::popcount(used_) > 1) count_by_scan(0, kSampled);  // of all
  State state{.prefixes = prefixes_, .marks = marks_, .counts = counts_, .used = used_};
  const WriteResult result =
      cache_->write(bytes_of(state_key()), sizeof state, {}, [&](Bytes place) { std::memcpy(place.data(), &state, sizeof state); });
  const bool stored = result.status == WriteStatus::stored;
  for (std::uint64_t& mark : marks_) {
    if (mark == kThisVersion && stored) mark = result.version;
  }
  if (cache_->log() == nullptr) {  // nothing will read it
    cache_->remove(bytes_of(state_key()));
    return stored;
  }
  state_is_plain_ = false;
  state_written_ms_ = stored ? cache_->now_ms() : 0;
  return stored;
}

void Keyspace::begin_stop() {
  if (!state_is_plain_) write_state();
  cache_->begin_stop();
}

void Keyspace::load_state() {
  if (!cache_->is_recovered()) return;
  const auto found = cache_->peek(bytes_of(state_key()));
  if (found.status == GetStatus::hit) return read_state(found.item);
  is_ready_ = found.status == GetStatus::miss;
  if (is_ready_) return;
  state_arrival_.keyspace_ = this;
  state_arrival_.key_.assign(1, kStateKey[0]);
  cache_->try_fetch(state_arrival_.fetch_, bytes_of(state_arrival_.key_), Arrival::Purpose::read);
}

void Keyspace::on_state_arrived(Arrival& arrival) {
  // The disk has failed: nothing of it can be read, so nothing is seen that should not be.
  is_ready_ = true;
  if (arrival.outcome() == Arrival::Outcome::hit) read_state(arrival.fetch_.item());
  arrival.release();
}

void Keyspace::read_state(const ItemRef& item) {
  is_ready_ = true;
  State state;
  if (item.value().size() != sizeof state) return;
  std::memcpy(&state, item.value().data(), sizeof state);
  prefixes_ = state.prefixes;
  marks_ = state.marks;
  counts_ = state.counts;
  used_ = state.used;
  for (std::uint64_t& mark : marks_) {
    if (mark == kThisVersion) mark = item.version();
  }
  has_marks_ = std::ranges::any_of(marks_, [](std::uint64_t mark) { return mark != 0; });
  is_sweeping_ = has_marks_;
  state_is_plain_ = false;
}

}  // namespace kv
