// Borrow and give back, beside the malloc and free of mimalloc and glibc, and beside boost::object_pool.
//
// Each makes an object of 64 bytes in the same way (a constructor that writes its first word) and ends it; times are for both together.
// Four shapes, because allocators have orders that they like: `one`: one object at a time. `queue`: the oldest of 64 goes, a new one
// comes. `churn`: up to 512 come and go in no order. `burst`: 64, then all of them back, oldest first.
//
// Two more show what is left when everything is taken away: `BareStack`, push and pop of an intrusive stack without a count, a
// maximum or a check; and `Nothing`, which keeps no places at all: what the shape itself costs (most of `churn`: branches that nobody
// can predict).

#include <benchmark/benchmark.h>
#include <dlfcn.h>
#include <mimalloc.h>

#include <array>
#include <boost/pool/object_pool.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <random>
#include <vector>

#include "corering/base/intrusive.h"
#include "corering/mem/heap.h"
#include "corering/mem/object_pool.h"

namespace {

struct Object {
  explicit Object(std::uint64_t number) : first(number) {}

  std::uint64_t first;
  std::array<std::uint64_t, 7> others;
};
static_assert(sizeof(Object) == 64);

constexpr std::size_t kObjectsMax = 512;  // out at once, in any shape

class OurPool {
 public:
  Object* make(std::uint64_t number) { return pool_.try_borrow(number); }
  void end(Object* object) { pool_.give_back(*object); }

 private:
  corering::mem::ObjectPool<Object> pool_{{.room = corering::mem::Room::app}};
};

// Linked, not loaded: the call that a program makes which lets mimalloc be its malloc.
struct Mimalloc {
  Object* make(std::uint64_t number) { return new (mi_malloc(sizeof(Object))) Object(number); }
  void end(Object* object) { mi_free(object); }
};

// The process's own, found past mimalloc, which replaces it in whatever links it.
class Glibc {
 public:
  Object* make(std::uint64_t number) { return new (malloc_(sizeof(Object))) Object(number); }
  void end(Object* object) { free_(object); }

 private:
  void* libc_ = ::dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
  decltype(&std::malloc) malloc_ = reinterpret_cast<decltype(&std::malloc)>(::dlsym(libc_, "malloc"));
  decltype(&std::free) free_ = reinterpret_cast<decltype(&std::free)>(::dlsym(libc_, "free"));
};

class BoostPool {
 public:
  Object* make(std::uint64_t number) { return pool_.construct(number); }
  void end(Object* object) { pool_.destroy(object); }

 private:
  boost::object_pool<Object> pool_;
};

class BareStack {
 public:
  BareStack() {
    for (Place& place : places_) free_.push_front(place);
  }
  Object* make(std::uint64_t number) {
    Place& place = free_.front();
    free_.pop_front();
    return new (place.storage) Object(number);
  }
  void end(Object* object) { free_.push_front(*reinterpret_cast<Place*>(reinterpret_cast<std::byte*>(object) - sizeof(Hook))); }

 private:
  struct Tag;
  using Hook = corering::base::StackHook<Tag>;
  struct Place : Hook {
    alignas(Object) std::byte storage[sizeof(Object)];
  };

  std::array<Place, kObjectsMax> places_;
  corering::base::Stack<Place, Tag> free_;
};

class Nothing {
 public:
  Object* make(std::uint64_t number) { return new (places_[number % places_.size()].storage) Object(number); }
  void end(Object*) {}

 private:
  struct Place {
    alignas(Object) std::byte storage[sizeof(Object)];
  };

  std::array<Place, kObjectsMax> places_;
};

// What our pools take their places from, with its accounts.
struct OurHeap {
  Object* make(std::uint64_t number) {
    return new (corering::mem::try_allocate(corering::mem::Room::app, sizeof(Object), alignof(Object))) Object(number);
  }
  void end(Object* object) { corering::mem::release(corering::mem::Room::app, object, sizeof(Object), alignof(Object)); }
};

// Pools live in other objects: without this the compiler would keep some of them, but not all, in registers for the whole run.
template <typename Maker>
void escape(Maker& maker) {
  Maker* pointer = &maker;
  benchmark::DoNotOptimize(pointer);
  benchmark::ClobberMemory();
}

template <typename Maker>
void one(benchmark::State& state) {
  Maker maker;
  escape(maker);
  std::uint64_t number = 0;
  for (auto _ : state) {
    Object* object = maker.make(++number);
    benchmark::DoNotOptimize(object);
    benchmark::ClobberMemory();
    maker.end(object);
  }
}

template <typename Maker>
void burst(benchmark::State& state) {
  Maker maker;
  escape(maker);
  std::uint64_t number = 0;
  std::array<Object*, 64> objects;
  while (state.KeepRunningBatch(objects.size())) {
    for (Object*& object : objects) {
      object = maker.make(++number);
      benchmark::DoNotOptimize(object);
    }
    benchmark::ClobberMemory();
    for (Object* object : objects) maker.end(object);
  }
}

// 64 objects wait in line; the oldest goes when a new one comes, as requests do in a server.
template <typename Maker>
void queue(benchmark::State& state) {
  Maker maker;
  escape(maker);
  std::uint64_t number = 0;
  std::array<Object*, 64> line;
  for (Object*& object : line) object = maker.make(++number);
  for (auto _ : state) {
    Object*& oldest = line[++number % line.size()];
    maker.end(oldest);
    oldest = maker.make(number);
    benchmark::DoNotOptimize(oldest);
    benchmark::ClobberMemory();
  }
  for (Object* object : line) maker.end(object);
}

// A population that comes and goes in no order, around 256 and up to 512: half of the steps make one, half end a random one.
class Churn {
 public:
  static constexpr std::size_t kPopulationMax = kObjectsMax;

  // The place of the object that a step ends, or kPopulationMax for a step that makes one behind the last.
  static const std::vector<std::size_t>& steps() {
    static const std::vector<std::size_t> made = make_steps();
    return made;
  }

 private:
  static std::vector<std::size_t> make_steps() {
    std::minstd_rand random(1);  // the same steps for all
    std::vector<std::size_t> steps;
    std::size_t population = 0;
    while (steps.size() < 100'000 || population > 0) {
      const bool shrinks = steps.size() >= 100'000 || random() % kPopulationMax < population;
      if (shrinks) {
        steps.push_back(random() % population--);
      } else {
        steps.push_back(kPopulationMax);
        ++population;
      }
    }
    return steps;
  }
};

template <typename Maker>
void churn(benchmark::State& state) {
  Maker maker;
  escape(maker);
  const std::vector<std::size_t>& steps = Churn::steps();
  std::array<Object*, Churn::kPopulationMax> objects{};
  while (state.KeepRunningBatch(static_cast<std::int64_t>(steps.size() / 2))) {  // as many are made as ended
    std::size_t population = 0;
    for (const std::size_t step : steps) {
      if (step == Churn::kPopulationMax) {
        objects[population] = maker.make(population);
        benchmark::DoNotOptimize(objects[population]);
        ++population;
      } else {
        maker.end(objects[step]);
        objects[step] = objects[--population];
      }
    }
  }
}

BENCHMARK_TEMPLATE(one, OurPool);
BENCHMARK_TEMPLATE(one, Mimalloc);
BENCHMARK_TEMPLATE(one, Glibc);
BENCHMARK_TEMPLATE(one, BoostPool);
BENCHMARK_TEMPLATE(one, OurHeap);
BENCHMARK_TEMPLATE(one, BareStack);
BENCHMARK_TEMPLATE(one, Nothing);
BENCHMARK_TEMPLATE(queue, OurPool);
BENCHMARK_TEMPLATE(queue, Mimalloc);
BENCHMARK_TEMPLATE(queue, Glibc);
BENCHMARK_TEMPLATE(queue, BoostPool);
BENCHMARK_TEMPLATE(queue, OurHeap);
BENCHMARK_TEMPLATE(queue, BareStack);
BENCHMARK_TEMPLATE(queue, Nothing);
BENCHMARK_TEMPLATE(churn, OurPool);
BENCHMARK_TEMPLATE(churn, Mimalloc);
BENCHMARK_TEMPLATE(churn, Glibc);
BENCHMARK_TEMPLATE(churn, BoostPool);
BENCHMARK_TEMPLATE(churn, OurHeap);
BENCHMARK_TEMPLATE(churn, BareStack);
BENCHMARK_TEMPLATE(churn, Nothing);
BENCHMARK_TEMPLATE(burst, OurPool);
BENCHMARK_TEMPLATE(burst, Mimalloc);
BENCHMARK_TEMPLATE(burst, Glibc);
BENCHMARK_TEMPLATE(burst, BoostPool);
BENCHMARK_TEMPLATE(burst, OurHeap);
BENCHMARK_TEMPLATE(burst, BareStack);
BENCHMARK_TEMPLATE(burst, Nothing);

}  // namespace
