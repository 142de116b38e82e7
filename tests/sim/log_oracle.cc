#include "log_oracle.h"

#include <cstdio>

namespace sim {

namespace {

bool is_over(std::int64_t expiry_ms, std::int64_t now_ms) { return expiry_ms != 0 && expiry_ms <= now_ms; }

}  // namespace

std::string LogOracle::key_name(std::size_t key) { return "key-" + std::to_string(key); }

std::string LogOracle::value_of(std::size_t key, std::size_t version, std::size_t bytes) {
  std::string value = std::to_string(key) + ":" + std::to_string(version) + ":" + std::to_string(bytes) + ":";
  std::uint64_t state = key * 1'000'003 + version;
  while (value.size() < bytes) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    // Half of it repeats, so that compression has something to do.
    value += static_cast<char>((state >> 60) % 2 == 0 ? 'x' : 'a' + (state >> 40) % 26);
  }
  return value;
}

std::string LogOracle::put(std::size_t key, std::size_t bytes, std::int64_t expiry_ms) {
  keys_[key].versions.push_back({.bytes = bytes, .expiry_ms = expiry_ms, .is_put = true});
  return value_of(key, keys_[key].versions.size() - 1, bytes);
}

void LogOracle::erase(std::size_t key) { keys_[key].versions.push_back({}); }

void LogOracle::lose(std::size_t key) {
  keys_[key].must_survive = false;
  keys_[key].lost = newest(key);
}

void LogOracle::lose_all() {
  for (std::size_t key = 0; key < keys_.size(); ++key) lose(key);
}

void LogOracle::begin_sync(std::uint64_t ticket, const std::vector<bool>& uncovered) {
  Sync& sync = pending_[ticket];
  for (std::size_t key = 0; key < keys_.size(); ++key) {
    // Its newest version found no room, and the older copy may have been given up meanwhile.
    if (uncovered[key]) lose(key);
    sync.versions.push_back(newest(key));
    sync.covered.push_back(!uncovered[key]);
  }
}

void LogOracle::end_sync(std::uint64_t ticket, bool durable) {
  while (!pending_.empty() && pending_.begin()->first <= ticket) {
    const Sync& sync = pending_.begin()->second;
    for (std::size_t index = 0; durable && index < keys_.size(); ++index) {
      Key& key = keys_[index];
      if (!sync.covered[index] || sync.versions[index] < key.synced) continue;
      key.synced = sync.versions[index];
      key.must_survive = key.versions[key.synced].is_put && key.synced > key.lost;
    }
    pending_.erase(pending_.begin());
  }
}

std::size_t LogOracle::newest(std::size_t key) const {
  std::size_t version = keys_[key].versions.size() - 1;
  while (keys_[key].versions[version].is_void) --version;
  return version;
}

bool LogOracle::is_present(std::size_t key, std::int64_t now_ms) const {
  const Version& newest = keys_[key].versions[this->newest(key)];
  return newest.is_put && !is_over(newest.expiry_ms, now_ms);
}

std::string LogOracle::check_running(std::size_t key, std::string_view value) const {
  const std::size_t version = newest(key);
  if (!keys_[key].versions[version].is_put) return key_name(key) + " is deleted, and found";
  if (value != value_of(key, version, keys_[key].versions[version].bytes))
    return key_name(key) + " has an old or wrong value: " + std::string(value.substr(0, 30)) + ", newest is version " +
           std::to_string(version);
  return {};
}

std::string LogOracle::check_recovered(std::size_t index, const std::string* value, std::int64_t now_ms) {
  Key& key = keys_[index];
  const std::string name = key_name(index);
  std::size_t found = 0;
  if (value == nullptr) {
    bool explained = !key.must_survive;
    for (std::size_t version = key.synced; version < key.versions.size(); ++version) {
      const Version& candidate = key.versions[version];
      if (candidate.is_void || (candidate.is_put && !is_over(candidate.expiry_ms, now_ms))) continue;
      explained = true;
    }
    if (!explained) return name + " is lost: version " + std::to_string(key.synced) + " was synced and nobody gave it up";
    key.must_survive = false;
  } else {
    std::size_t named_key = 0;
    std::size_t bytes = 0;
    if (std::sscanf(value->c_str(), "%zu:%zu:%zu:", &named_key, &found, &bytes) != 3) return name + " has a torn value";
    if (named_key != index || found >= key.versions.size()) return name + " has a foreign value: " + value->substr(0, 40);
    const Version& version = key.versions[found];
    if (!version.is_put || *value != value_of(index, found, version.bytes)) return name + " has a damaged value";
    if (version.is_void) return name + " has version " + std::to_string(found) + ", which an earlier crash had taken";
    if (found < key.synced) {
      return name + " has version " + std::to_string(found) + ", version " + std::to_string(key.synced) + " was synced";
    }
    if (is_over(version.expiry_ms, now_ms)) return name + " has expired, and is found";
  }
  if (value == nullptr) {
    key.must_survive = false;
    key.versions.push_back({});  // from now on it is as if deleted; until the next sync point another crash may bring it back
    return {};
  }
  for (std::size_t version = found + 1; version < key.versions.size(); ++version) key.versions[version].is_void = true;
  return {};
}

}  // namespace sim
