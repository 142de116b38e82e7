// Replays a trace through the cache and prints how often it misses, beside LRU.
//
//   build/bench/cache/hit_ratio TRACE.oracleGeneral.bin
//
// The format is libCacheSim's: 24 bytes a request, packed: u32 seconds, u64 object, u32 bytes, i64 next request. Cold cache, every request
// counted, a miss stores.
//
// Two ways: by objects, with all of them equally large, at 0.1, 1 and 10 % of the objects of the trace; and by bytes, at 10 % of its
// working set. "Kept" says how many objects the cache held on average: it must not be more than it was allowed.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <unordered_map>
#include <vector>

#include "corering/cache/cache.h"
#include "lru.h"

namespace {

using corering::cache::Cache;
using corering::cache::CacheOptions;
using corering::cache::GetStatus;

constexpr std::size_t kRequestBytes = 24;
// By objects: five equal records fill a segment of the smallest size.
constexpr std::size_t kSegmentBytes = 4096;
constexpr std::size_t kRecordsOfSegment = 5;
constexpr std::size_t kRecordBytes = kSegmentBytes / kRecordsOfSegment / 4 * 4;
constexpr std::size_t kHeaderBytes = 16;
// What the store keeps empty, so that it holds no more objects than it is allowed.
constexpr std::size_t kSegmentsEmpty = 2;

struct Request {
  std::uint64_t object;
  std::uint32_t bytes;
};

struct Trace {
  std::vector<Request> requests;
  std::size_t objects = 0;
  std::uint64_t working_set_bytes = 0;
};

Trace read(const char* path) {
  Trace trace;
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::unordered_map<std::uint64_t, std::uint32_t> seen;
  for (std::size_t at = 0; at + kRequestBytes <= bytes.size(); at += kRequestBytes) {
    Request request;
    std::memcpy(&request.object, bytes.data() + at + 4, sizeof request.object);
    std::memcpy(&request.bytes, bytes.data() + at + 12, sizeof request.bytes);
    trace.requests.push_back(request);
    if (seen.emplace(request.object, request.bytes).second) trace.working_set_bytes += request.bytes;
  }
  trace.objects = seen.size();
  return trace;
}

struct Outcome {
  double miss_ratio = 0;
  double objects_kept = 0;
};

template <typename Bytes>
Outcome replay(const Trace& trace, const CacheOptions& options, Bytes&& value_bytes_of) {
  auto cache = Cache::open(options);
  if (!cache) {
    std::fprintf(stderr, "hit_ratio: %s\n", cache.error().text.c_str());
    return {};
  }
  std::uint64_t misses = 0;
  std::uint64_t kept = 0;
  for (const Request& request : trace.requests) {
    const auto key = std::as_bytes(std::span(&request.object, 1));
    kept += (*cache)->item_count();
    if ((*cache)->get(key).status == GetStatus::hit) continue;
    ++misses;
    (*cache)->write(key, value_bytes_of(request), {}, [](corering::base::MutableBytes) {});
  }
  const auto requests = static_cast<double>(trace.requests.size());
  return {static_cast<double>(misses) / requests, static_cast<double>(kept) / requests};
}

template <typename Cost>
double replay_lru(const Trace& trace, std::uint64_t budget, Cost&& cost_of) {
  Lru lru(budget);
  std::uint64_t misses = 0;
  for (const Request& request : trace.requests) misses += lru.request(request.object, cost_of(request)) ? 0 : 1;
  return static_cast<double>(misses) / static_cast<double>(trace.requests.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: hit_ratio TRACE.oracleGeneral.bin\n");
    return 2;
  }
  const Trace trace = read(argv[1]);
  if (trace.requests.empty()) {
    std::fprintf(stderr, "hit_ratio: %s: no requests\n", argv[1]);
    return 1;
  }
  std::printf("%zu requests, %zu objects, %llu bytes\n", trace.requests.size(), trace.objects,
              static_cast<unsigned long long>(trace.working_set_bytes));
  std::printf("%-22s %10s %10s %10s\n", "allowed", "corering", "LRU", "kept");
  for (const double share : {0.001, 0.01, 0.1}) {
    const auto allowed = static_cast<std::size_t>(static_cast<double>(trace.objects) * share);
    const std::size_t segments = (allowed + kRecordsOfSegment - 1) / kRecordsOfSegment + kSegmentsEmpty;
    const CacheOptions options{.l1_bytes = segments * kSegmentBytes, .segment_bytes = kSegmentBytes, .hash_seed = 1};
    const Outcome ours = replay(trace, options, [](const Request&) { return kRecordBytes - kHeaderBytes - sizeof(std::uint64_t); });
    const double lru = replay_lru(trace, allowed, [](const Request&) { return std::uint64_t{1}; });
    std::printf("%5zu objects (%4.1f %%) %10.4f %10.4f %10.1f\n", allowed, share * 100, ours.miss_ratio, lru, ours.objects_kept);
  }
  const std::uint64_t budget = trace.working_set_bytes / 10;
  const Outcome ours = replay(trace, {.l1_bytes = budget, .hash_seed = 1}, [](const Request& request) { return request.bytes; });
  const double lru = replay_lru(trace, budget, [](const Request& request) { return std::uint64_t{request.bytes}; });
  std::printf("%llu bytes (10 %%) %10.4f %10.4f %10.1f\n", static_cast<unsigned long long>(budget), ours.miss_ratio, lru,
              ours.objects_kept);
}
