// Nanoseconds per request parsed and per reply written, for pipelines of 1, 16 and 64 requests in one piece of memory.
//
//   ninja -C build bench/kv/kv_protocol_bench && build/bench/kv/kv_protocol_bench
#include <benchmark/benchmark.h>

#include <span>
#include <string>
#include <vector>

#include "kv/protocol/memcached_parser.h"
#include "kv/protocol/memcached_writer.h"
#include "kv/protocol/request_reader.h"
#include "kv/protocol/resp_parser.h"
#include "kv/protocol/resp_writer.h"

namespace {

using namespace kv::protocol;

constexpr std::size_t kRequestBytesMax = std::size_t{1} << 30;
constexpr std::size_t kCuts = 64;  // pipelines in different places of the memory, so that no run of branches repeats exactly

std::string key(std::size_t number) {
  std::string digits = std::to_string(number * 7919 % 10'000'000);
  return std::string("key:").append(12 - digits.size(), '0').append(digits);
}

std::string resp_get(std::size_t number) { return std::string("*2\r\n$3\r\nGET\r\n$16\r\n").append(key(number)).append("\r\n"); }
std::string resp_set(std::size_t number) {
  return "*3\r\n$3\r\nSET\r\n$16\r\n" + key(number) + "\r\n$64\r\n" + std::string(64, 'v') + "\r\n";
}
std::string resp_mixed(std::size_t number) {
  switch (number * 2654435761 % 4) {
    case 0: return resp_set(number);
    case 1: return "*1\r\n$4\r\nPING\r\n";
    case 2: return "*5\r\n$3\r\nSET\r\n$5\r\nshort\r\n$300\r\n" + std::string(300, 'v') + "\r\n$2\r\nEX\r\n$2\r\n10\r\n";
    default: return resp_get(number);
  }
}
std::string memcached_get(std::size_t number) { return "get " + key(number) + "\r\n"; }
std::string memcached_set(std::size_t number) { return "set " + key(number) + " 0 0 64\r\n" + std::string(64, 'v') + "\r\n"; }
std::string memcached_mg(std::size_t number) { return "mg " + key(number) + " v t f\r\n"; }

template <typename Parser>
void parse(benchmark::State& state, std::string (*make)(std::size_t)) {
  const auto depth = static_cast<std::size_t>(state.range(0));
  std::vector<std::string> pieces(kCuts);
  for (std::size_t i = 0; i < kCuts * depth; ++i) pieces[i / depth] += make(i);
  RequestReader<Parser> reader(Parser{}, kRequestBytesMax);
  typename Parser::Request request;
  std::size_t requests = 0;
  std::size_t turn = 0;
  for (auto _ : state) {
    reader.feed(pieces[turn++ % kCuts]);
    while (reader.next(request) == Outcome::request) {
      ++requests;
      benchmark::DoNotOptimize(&request);
      benchmark::ClobberMemory();
    }
  }
  if (requests != static_cast<std::size_t>(state.iterations()) * depth) state.SkipWithError("requests are missing");
  state.SetItemsProcessed(static_cast<std::int64_t>(requests));
  state.counters["ns_per_request"] =
      benchmark::Counter(static_cast<double>(requests) / 1e9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

class ChunkSink final : public ReplySink {
 public:
  std::span<char> next_window(std::size_t, std::size_t) override { return chunk_; }
  void finish(std::size_t written) override { benchmark::DoNotOptimize(written); }
  void refer(std::string_view, Pin) override {}

 private:
  std::vector<char> chunk_ = std::vector<char>(16 << 10);
};

template <typename Writer, typename Write>
void write(benchmark::State& state, Write write_one) {
  ChunkSink sink;
  const std::string value(64, 'v');
  for (auto _ : state) {
    Writer writer(sink);
    for (int i = 0; i < 64; ++i) write_one(writer, value, i);
  }
  state.SetItemsProcessed(state.iterations() * 64);
  state.counters["ns_per_reply"] =
      benchmark::Counter(64.0 / 1e9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void depths(benchmark::internal::Benchmark* benchmark) { benchmark->Arg(1)->Arg(16)->Arg(64)->ArgName("pipeline"); }

void resp(benchmark::State& state, std::string (*make)(std::size_t)) { parse<RespParser>(state, make); }
void memcached(benchmark::State& state, std::string (*make)(std::size_t)) { parse<MemcachedParser>(state, make); }

BENCHMARK_CAPTURE(resp, get, resp_get)->Apply(depths);
BENCHMARK_CAPTURE(resp, set, resp_set)->Apply(depths);
BENCHMARK_CAPTURE(resp, mixed, resp_mixed)->Apply(depths);
BENCHMARK_CAPTURE(memcached, get, memcached_get)->Apply(depths);
BENCHMARK_CAPTURE(memcached, set, memcached_set)->Apply(depths);
BENCHMARK_CAPTURE(memcached, mg, memcached_mg)->Apply(depths);

void write_resp_ok(benchmark::State& state) {
  write<RespWriter>(state, [](RespWriter& to, const std::string&, int) { to.ok(); });
}
void write_resp_integer(benchmark::State& state) {
  write<RespWriter>(state, [](RespWriter& to, const std::string&, int i) { to.integer(i * 1000); });
}
void write_resp_bulk(benchmark::State& state) {
  write<RespWriter>(state, [](RespWriter& to, const std::string& value, int) { to.bulk(value); });
}
void write_memcached_value(benchmark::State& state) {
  write<MemcachedWriter>(state, [](MemcachedWriter& to, const std::string& value, int i) {
    to.value_header("key:000000000001", 0, value.size(), static_cast<std::uint64_t>(i));
    to.line(value);
    to.end();
  });
}
BENCHMARK(write_resp_ok);
BENCHMARK(write_resp_integer);
BENCHMARK(write_resp_bulk);
BENCHMARK(write_memcached_value);

}  // namespace

BENCHMARK_MAIN();
