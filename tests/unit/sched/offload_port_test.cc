#include "corering/sched/offload_port.h"

#include <memory>

#include "corering/metrics/registry.h"
#include "offload_port_on_a_thread.h"

namespace sched_test {
namespace {

// Counts what it is told.
struct Owner {
  void on_done(base::Result<void> result) {
    ++told;
    if (!result) ++failed;
  }
  int told = 0;
  int failed = 0;
  sched::Offload<void> offload = sched::Offload<void>::to<&Owner::on_done>(this);
};

TEST(OffloadPort, AbandonTellsAllWhoWaitAndTakesNoMore) {
  PortOnAThread core;
  auto door = std::make_shared<Door>();
  Owner first, second;
  ASSERT_TRUE(first.offload.start(core.port, [door] { door->pass(); }));
  ASSERT_TRUE(second.offload.start(core.port, [door] { door->pass(); }));
  core.port.abandon();
  EXPECT_EQ(first.failed + second.failed, 2);
  EXPECT_FALSE(first.offload.is_running());
  EXPECT_FALSE(first.offload.start(core.port, [] {}));
  core.port.abandon();
  EXPECT_EQ(core.port.counters().abandoned.value(), 2u);
  door->open();
  ASSERT_TRUE(core.live_until([&] { return core.port.counters().returned.value() == 2; }));
  EXPECT_EQ(first.told + second.told, 2);
}

TEST(OffloadPort, CountsAndMeasures) {
  PortOnAThread core;
  corering::metrics::Registry registry;
  core.port.register_metrics(registry);
  Owner owner;
  for (int count = 1; count <= 3; ++count) {
    ASSERT_TRUE(owner.offload.start(core.port, [] {}));
    EXPECT_EQ(corering::metrics::value_of(registry.snapshot(), "offloads_outstanding"), 1u);
    ASSERT_TRUE(core.live_until([&] { return owner.told == count; }));
  }
  const auto snapshot = registry.snapshot();
  EXPECT_EQ(corering::metrics::value_of(snapshot, "offloads_started"), 3u);
  EXPECT_EQ(corering::metrics::value_of(snapshot, "offloads_returned"), 3u);
  EXPECT_EQ(corering::metrics::value_of(snapshot, "offloads_outstanding"), 0u);
  EXPECT_EQ(core.port.counters().waited_ns.read().count(), 3u);
  EXPECT_EQ(core.port.counters().worked_ns.read().count(), 3u);
}

}  // namespace
}  // namespace sched_test
