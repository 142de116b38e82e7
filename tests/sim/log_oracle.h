// LogOracle: what may be found under each key after a crash, and what must.
//
// Remembers every version of every key since the beginning, up to which one a sync point has covered, and which lives a crash has
// ended. Values tell which key and version they are, byte by byte.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

class LogOracle {
 public:
  explicit LogOracle(std::size_t keys) : keys_(keys) {}

  static std::string key_name(std::size_t key);
  static std::string value_of(std::size_t key, std::size_t version, std::size_t bytes);

  std::size_t keys() const noexcept { return keys_.size(); }

  // A write or a delete is acknowledged. Returns the value to write.
  std::string put(std::size_t key, std::size_t bytes, std::int64_t expiry_ms);
  void erase(std::size_t key);

  // The owner lets go of the durable copy: a miss is no loss.
  void lose(std::size_t key);
  void lose_all();

  // A sync point begins: all but the keys of `uncovered` have handed over what they have.
  void begin_sync(std::uint64_t ticket, const std::vector<bool>& uncovered);
  void end_sync(std::uint64_t ticket, bool durable);
  void give_up_syncs() { pending_.clear(); }

  // What the running cache returns must be the newest version. "" if so.
  std::string check_running(std::size_t key, std::string_view value) const;

  // After a crash, for every key once: the value found, or nothing. What is found is the newest version from then on.
  std::string check_recovered(std::size_t key, const std::string* value, std::int64_t now_ms);

  bool is_present(std::size_t key, std::int64_t now_ms) const;

 private:
  struct Version {
    std::size_t bytes = 0;
    std::int64_t expiry_ms = 0;
    bool is_put = false;
    bool is_void = false;  // a crash took it: it may not come back
  };

  struct Key {
    std::vector<Version> versions;  // the first is "never written"
    std::size_t synced = 0;         // nothing older may be found
    std::size_t lost = 0;           // the newest version of which the owner gave up the durable copy
    bool must_survive = false;      // the synced version, or a newer one
    Key() : versions(1) {}
  };

  struct Sync {
    std::vector<std::size_t> versions;
    std::vector<bool> covered;
  };

  std::size_t newest(std::size_t key) const;  // version that no crash has taken

  std::vector<Key> keys_;
  std::map<std::uint64_t, Sync> pending_;
};

}  // namespace sim
