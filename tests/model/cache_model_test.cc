#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "cache_model.h"

namespace {

using model::CacheModel;
using model::Forgetting;
using model::Shape;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

// Fewer where each is ten times as slow.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kOperationsShare = 20;
#else
constexpr std::uint64_t kOperationsShare = 1;
#endif

void run(const Shape& shape, std::uint64_t operations, std::uint64_t seeds) {
  const std::uint64_t first = from_environment("CORERING_SEED", 1);
  const std::uint64_t last = std::getenv("CORERING_SEED") != nullptr ? first : first + seeds - 1;
  operations = from_environment("CORERING_OPERATIONS", operations / kOperationsShare);
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    CacheModel model(shape, seed);
    model.run(operations);
    if (model.failure().empty()) model.check_everything();
    ASSERT_EQ(model.failure(), "") << "reproduce with CORERING_SEED=" << seed;
  }
}

Shape memory_only(std::size_t l1_bytes, Forgetting forgetting) {
  Shape shape;
  shape.cache.l1_bytes = l1_bytes;
  shape.forgetting = forgetting;
  return shape;
}

TEST(CacheModel, AgreesWithAMapWhileEverythingFits) { run(memory_only(1 << 20, Forgetting::never), 1'000'000, 3); }

TEST(CacheModel, LargeValuesAgreeToo) {
  Shape shape = memory_only(16 << 20, Forgetting::never);
  shape.keys = 40;
  shape.value_bytes_max = 200'000;
  run(shape, 20'000, 2);
}

TEST(CacheModel, IsNeverWrongWhenItForgets) {
  Shape shape = memory_only(256 << 10, Forgetting::allowed);
  shape.keys = 10'000;
  run(shape, 1'000'000, 3);
}

TEST(CacheModel, IsNeverWrongInTheSmallestCache) {
  Shape shape = memory_only(6 * 4096, Forgetting::allowed);
  shape.value_bytes_max = 900;
  run(shape, 1'000'000, 1);
}

TEST(CacheModel, IsNeverWrongWithLargeValuesThatAreEvicted) {
  Shape shape = memory_only(2 << 20, Forgetting::allowed);
  shape.keys = 100;
  shape.value_bytes_max = 300'000;
  run(shape, 20'000, 2);
}

TEST(CacheModel, IsNeverWrongOverTwoTiersInMemory) {
  for (const bool compress : {false, true}) {
    Shape shape = memory_only(128 << 10, Forgetting::allowed);
    shape.keys = 5'000;
    shape.cache.log = {.segment_bytes = 16 << 10, .memory_segments = 16, .compress = compress, .compress_bytes_min = 64};
    run(shape, 500'000, 2);
  }
}

Shape three_tiers(std::size_t file_segments) {
  Shape shape = memory_only(64 << 10, Forgetting::allowed);
  shape.keys = 5'000;
  shape.cache.log = {.segment_bytes = 16 << 10, .memory_segments = 4, .staging_segments = 4};
  shape.cache.sync_ms = 50;
  shape.file_segments = file_segments;
  shape.faults = {.latency_max = std::chrono::microseconds(300)};
  return shape;
}

TEST(CacheModel, IsNeverWrongOverThreeTiers) { run(three_tiers(100), 300'000, 3); }

TEST(CacheModel, IsNeverWrongWhenTheFileWrapsAround) { run(three_tiers(12), 300'000, 3); }

TEST(CacheModel, IsNeverWrongWithoutTheMemoryTier) {
  Shape shape = three_tiers(30);
  shape.cache.log->memory_segments = 0;
  run(shape, 300'000, 2);
}

// Some fit into a segment of the log, some do not.
TEST(CacheModel, IsNeverWrongWithLargeValuesOverThreeTiers) {
  Shape shape = three_tiers(100);
  shape.cache.l1_bytes = 256 << 10;
  shape.keys = 300;
  shape.value_bytes_max = 20'000;
  run(shape, 40'000, 2);
}

TEST(CacheModel, IsNeverWrongOnADiskThatFails) {
  Shape shape = three_tiers(30);
  shape.faults.short_transfer = 100;
  shape.faults.read_error = 5;
  run(shape, 100'000, 5);
  shape.faults.write_error = 1;
  run(shape, 100'000, 5);
}

}  // namespace
