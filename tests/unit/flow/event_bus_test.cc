// The bus on one simulated core, and between the cores of a real runtime.
#include "corering/flow/event_bus.h"

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "corering/runtime/runtime.h"
#include "flow_core.h"

namespace flow_test {
namespace {

struct Tick {
  int number = 0;
};
struct Word {
  char letter = ' ';
};
using Bus = flow::EventBus<Tick, Word>;

class EventBus : public FlowCore {
 protected:
  void on_tick(const Tick& tick) {
    ticks_.push_back(tick.number);
    if (tick.number >= 1000) {
      EXPECT_TRUE(bus_.try_publish(Tick{tick.number - 1000}));
    }
  }
  void on_word(const Word& word) { letters_ += word.letter; }

  std::vector<int> ticks_;
  std::string letters_;
  flow::EventHandler<Tick> tick_handler_ = flow::EventHandler<Tick>::to<&EventBus::on_tick>(this);
  flow::EventHandler<Word> word_handler_ = flow::EventHandler<Word>::to<&EventBus::on_word>(this);
  Bus bus_{core(), {.name = "test", .queue_events_max = 256, .batch_events_max = 10}};  // dies first: its handlers leave it
};

TEST_F(EventBus, ShowsEachEventToTheHandlersOfItsType) {
  bus_.subscribe(tick_handler_);
  bus_.subscribe(word_handler_);
  EXPECT_TRUE(bus_.try_publish(Tick{1}));
  EXPECT_TRUE(bus_.try_publish(Word{'a'}));
  EXPECT_TRUE(bus_.try_publish(Tick{2}));
  EXPECT_TRUE(ticks_.empty());  // a publisher runs no handler
  turns(1);
  EXPECT_EQ(ticks_, (std::vector{1, 2}));
  EXPECT_EQ(letters_, "a");
  EXPECT_TRUE(bus_.empty());
  EXPECT_EQ(counter("test_published"), 3u);
  EXPECT_EQ(counter("test_dispatched"), 3u);
  EXPECT_EQ(counter("test_deliveries"), 3u);
  EXPECT_EQ(counter("test_batches"), 1u);
}

TEST_F(EventBus, CountsWhatNobodyHandles) {
  bus_.subscribe(word_handler_);
  EXPECT_TRUE(bus_.try_publish(Tick{1}));
  turns(1);
  EXPECT_EQ(counter("test_unhandled"), 1u);
  EXPECT_EQ(counter("test_deliveries"), 0u);
}

TEST_F(EventBus, ABatchIsBoundedAndTheLoopTurnsInBetween) {
  bus_.subscribe(tick_handler_);
  for (int number = 0; number < 25; ++number) EXPECT_TRUE(bus_.try_publish(Tick{number}));
  turns(1);
  EXPECT_EQ(ticks_.size(), 10u);
  turns(1);
  EXPECT_EQ(ticks_.size(), 20u);
  turns(2);
  EXPECT_EQ(ticks_.size(), 25u);
  EXPECT_EQ(counter("test_batches"), 3u);
  EXPECT_EQ(counter("test_queued_max"), 25u);
}

TEST_F(EventBus, AHandlerMayPublish) {
  bus_.subscribe(tick_handler_);
  EXPECT_TRUE(bus_.try_publish(Tick{3005}));
  EXPECT_TRUE(bus_.try_publish(Tick{7}));
  turns(1);
  EXPECT_EQ(ticks_, (std::vector{3005, 7, 2005, 1005, 5}));
}

TEST_F(EventBus, AFullQueueRefusesAndKeepsWhatItHas) {
  bus_.subscribe(tick_handler_);
  for (int number = 0; number < 256; ++number) EXPECT_TRUE(bus_.try_publish(Tick{number}));
  EXPECT_FALSE(bus_.try_publish(Tick{256}));
  EXPECT_FALSE(bus_.try_publish(Word{'x'}));
  turns(40);
  ASSERT_EQ(ticks_.size(), 256u);
  for (int number = 0; number < 256; ++number) EXPECT_EQ(ticks_[static_cast<std::size_t>(number)], number);
  EXPECT_EQ(counter("test_refused"), 2u);
  EXPECT_EQ(counter("test_published"), 256u);
}

TEST_F(EventBus, AnUnsubscribedHandlerSeesNothingMore) {
  bus_.subscribe(tick_handler_);
  EXPECT_TRUE(bus_.try_publish(Tick{1}));
  turns(1);
  EXPECT_TRUE(bus_.try_publish(Tick{2}));
  bus_.unsubscribe(tick_handler_);
  turns(1);
  EXPECT_EQ(ticks_, std::vector{1});
}

// Each core publishes its share to all and waits until it has everybody's.
class Chatter : public runtime::Service {
 public:
  struct Said {
    std::uint16_t core = 0;
    std::uint32_t number = 0;
  };
  using Bus = flow::EventBus<Said>;
  static constexpr std::uint32_t kEach = 20'000;

  Chatter(runtime::Core& core, Bus::Group& group)
      : core_(core), next_(group.cores()), bus_(core, {.name = "chat", .queue_events_max = 8192}, &group) {}

  void start() override {
    bus_.subscribe(handler_);
    say();
  }
  void drain() override {}
  void abort() override {}
  bool is_idle() const override { return true; }

  bool has_all() const { return received.load() == kEach * next_.size(); }
  std::atomic<std::uint32_t> received{0};
  std::atomic<bool> in_order{true};
  static inline std::atomic<std::uint32_t> on_their_way{0};  // of all cores, to all

 private:
  // Not more at once than mailboxes take: what is refused here would be lost.
  void say() {
    for (int count = 0; count < 200 && said_ < kEach; ++count) {
      if (bus_.queued() > bus_.capacity() / 2 || on_their_way.load() > 1000) break;
      on_their_way.fetch_add(static_cast<std::uint32_t>(next_.size()));
      EXPECT_EQ(bus_.try_publish_to_all(Said{core_.id().value, said_}), 0u);
      ++said_;
    }
    if (said_ < kEach) core_.timers().start(again_, core_.now() + std::chrono::milliseconds(2));
  }
  void on_said(const Said& said) {
    if (said.number != next_[said.core]++) in_order = false;
    received.fetch_add(1);
    on_their_way.fetch_sub(1);
  }

  runtime::Core& core_;
  std::vector<std::uint32_t> next_;
  std::uint32_t said_ = 0;
  flow::EventHandler<Said> handler_ = flow::EventHandler<Said>::to<&Chatter::on_said>(this);
  sched::Timer again_ = sched::Timer::to<&Chatter::say>(this);
  Bus bus_;
};

TEST(EventBusBetweenCores, EveryCoreSeesEveryCoresEventsInOrder) {
  constexpr std::uint32_t kCores = 3;
  Chatter::Bus::Group group(kCores);
  std::vector<Chatter*> services;
  runtime::Options options;
  options.cores = kCores;
  options.chunks = {.chunk_bytes = 1024, .chunk_count = 16};
  auto started = runtime::Runtime::start(options, runtime::backend_factory(runtime::BackendChoice::automatic),
                                         [&](runtime::Core& core) -> base::Result<std::unique_ptr<runtime::Service>> {
                                           auto service = std::make_unique<Chatter>(core, group);
                                           services.push_back(service.get());
                                           return service;
                                         });
  ASSERT_TRUE(started) << started.error().text;
  const auto all_there = [&] {
    for (const Chatter* service : services) {
      if (!service->has_all()) return false;
    }
    return true;
  };
  for (int waits = 0; waits < 3000 && !all_there(); ++waits) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(all_there());
  (*started)->drain();
  (*started)->join();
  for (const Chatter* service : services) EXPECT_TRUE(service->in_order);
  const auto counters = (*started)->registry().snapshot();
  const auto value = [&](std::string_view name) { return corering::metrics::value_of(counters, name); };
  EXPECT_EQ(value("chat_published"), kCores * Chatter::kEach);
  EXPECT_EQ(value("chat_posted"), kCores * (kCores - 1) * Chatter::kEach);
  EXPECT_EQ(value("chat_received"), value("chat_posted"));
  EXPECT_EQ(value("chat_dropped") + value("chat_refused"), 0u);
  EXPECT_EQ(value("chat_deliveries"), kCores * kCores * Chatter::kEach);
}

// Core 0 publishes more than a mailbox holds, in one hook: in that time nobody takes anything out.
class Flooder : public NoService {
 public:
  Flooder(runtime::Core& core, Bus::Group& group, std::size_t queue_of_receiver)
      : core_(core), bus_(core, {.name = "flood", .queue_events_max = core.id().value == 0 ? 65536 : queue_of_receiver}, &group) {}

  void start() override {
    if (core_.id().value != 0) return;
    for (std::size_t count = 0; count < runtime::Mailbox::kCapacity + 10; ++count) missed += bus_.try_publish_to_all(Tick{1});
  }
  bool is_idle() const override {
    return bus_.empty() && (core_.id().value == 0 || bus_.counters().received.value() == runtime::Mailbox::kCapacity);
  }
  std::size_t missed = 0;

 private:
  runtime::Core& core_;
  Bus bus_;
};

corering::metrics::Snapshot flood(std::size_t queue_of_receiver) {
  Bus::Group group(2);
  std::vector<Flooder*> services;
  runtime::Options options;
  options.cores = 2;
  options.chunks = {.chunk_bytes = 1024, .chunk_count = 16};
  auto started = runtime::Runtime::start(options, runtime::backend_factory(runtime::BackendChoice::automatic),
                                         [&](runtime::Core& core) -> base::Result<std::unique_ptr<runtime::Service>> {
                                           auto service = std::make_unique<Flooder>(core, group, queue_of_receiver);
                                           services.push_back(service.get());
                                           return service;
                                         });
  EXPECT_TRUE(started) << started.error().text;
  if (!started) return {};
  (*started)->drain();
  (*started)->join();
  EXPECT_EQ(services[0]->missed, 10u);
  return (*started)->registry().snapshot();
}

TEST(EventBusBetweenCores, AFullMailboxIsToldAndCounted) {
  const auto counters = flood(65536);
  const auto value = [&](std::string_view name) { return corering::metrics::value_of(counters, name); };
  EXPECT_EQ(value("flood_refused"), 10u);
  EXPECT_EQ(value("flood_posted"), runtime::Mailbox::kCapacity);
  EXPECT_EQ(value("flood_received"), runtime::Mailbox::kCapacity);
  EXPECT_EQ(value("flood_dropped"), 0u);
  EXPECT_EQ(value("flood_dispatched"), 2 * runtime::Mailbox::kCapacity + 10);
}

TEST(EventBusBetweenCores, AReceiverWithoutRoomDropsAndCounts) {
  const auto counters = flood(1);
  const auto value = [&](std::string_view name) { return corering::metrics::value_of(counters, name); };
  EXPECT_EQ(value("flood_received"), runtime::Mailbox::kCapacity);
  EXPECT_GT(value("flood_dropped"), 0u);
  EXPECT_EQ(value("flood_dispatched"), runtime::Mailbox::kCapacity + 10 + value("flood_received") - value("flood_dropped"));
}

}  // namespace
}  // namespace flow_test
