// Node: what all cores of a server have in common: who they are, since when, and the few numbers that must be unique.
//
// Everything here is constant once the cores run, or atomic.
//
// Thread: any. Lifetime: outlives the cores.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kv/store/slot_map.h"

namespace kv {

class Keyspace;
class Server;

struct Node {
  explicit Node(unsigned cores);

  const SlotMap slots;
  std::vector<Server*> servers;      // by number of core; each is reached from its own thread only
  std::vector<Keyspace*> keyspaces;  // the same; or from whoever has borrowed it

  std::string run_id;  // 40 hexadecimal digits
  std::string executable;
  std::string configuration_file;
  std::int64_t started_ms = 0;         // since 1970
  std::function<void()> request_stop;  // SHUTDOWN: as SIGTERM

  std::uint64_t next_client_id() noexcept { return client_id_.fetch_add(1, std::memory_order_relaxed) + 1; }

  // The file tier. A server takes commands that need keys when no core reads its file any more, and saves when no core has a client.
  std::string file_folder;  // or empty
  std::atomic<unsigned> cores_loading{0};
  std::atomic<unsigned> cores_quiet{0};
  std::atomic<bool> saves_at_stop{true};  // SHUTDOWN NOSAVE
  std::atomic<std::uint64_t> items_at_stop{0};
  std::atomic<std::uint64_t> unsaved_items{0};
  std::atomic<std::uint64_t> unsaved_large_bytes{0};  // of values that no file takes
  std::atomic<unsigned> failed_files{0};

  // Subscriptions of all kinds on all cores: while there are none a PUBLISH need not travel.
  std::atomic<std::int64_t> subscriptions{0};
  std::atomic<std::int64_t> monitors{0};

 private:
  std::atomic<std::uint64_t> client_id_{0};
};

}  // namespace kv
