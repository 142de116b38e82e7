#include "corering/flow/batch_stream.h"

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "../seed.h"
#include "corering/sched/task.h"
#include "flow_core.h"

namespace flow_test {
namespace {

using Stream = flow::BatchStream<int>;

sched::Task<> push_all(Stream& stream, int first, int count, int& accepted) {
  for (int value = first; value < first + count; ++value) {
    const bool pushed = co_await stream.push(value);
    if (pushed) ++accepted;
  }
}

sched::Task<> take_all(Stream& stream, std::vector<std::vector<int>>& batches) {
  for (;;) {
    const Stream::Batch batch = co_await stream.next();
    if (batch.empty()) co_return;
    batches.emplace_back(batch.begin(), batch.end());
  }
}

class BatchStream : public FlowCore {
 public:
  void on_batch(Stream::Batch batch) {
    if (batch.empty()) {
      ended_ = true;
      return;
    }
    batches_.emplace_back(batch.begin(), batch.end());
    if (releases_) stream_.release();
  }
  void on_room() {
    ++room_calls_;
    while (next_ < push_until_ && stream_.try_push(int{next_})) ++next_;
  }

 protected:
  void push(int first, int count) {
    for (int value = first; value < first + count; ++value) ASSERT_TRUE(stream_.try_push(int{value}));
  }

  void start(sched::Task<>& task, bool& has_ended) {
    task.inherit(core().scheduler().context());
    task.start([](void* flag) { *static_cast<bool*>(flag) = true; }, &has_ended);
  }

  Stream stream_{core(), {.name = "test", .batch_items_max = 4, .batches_max = 3, .batch_delay = std::chrono::milliseconds(5)}};
  std::vector<std::vector<int>> batches_;
  bool releases_ = true;
  bool ended_ = false;
  int room_calls_ = 0;
  int next_ = 0;
  int push_until_ = 0;
};

TEST_F(BatchStream, DeliversAFullBatchAtOnce) {
  stream_.consume<&BatchStream::on_batch>(this);
  push(1, 4);
  EXPECT_TRUE(batches_.empty());  // never inside a push
  turns(1);
  EXPECT_EQ(batches_, (std::vector<std::vector<int>>{{1, 2, 3, 4}}));
  EXPECT_EQ(counter("test_full_batches"), 1u);
}

TEST_F(BatchStream, DeliversAPartWhenItsFirstItemHasWaited) {
  stream_.consume<&BatchStream::on_batch>(this);
  push(1, 2);
  turns(3);
  EXPECT_TRUE(batches_.empty());
  pass(std::chrono::milliseconds(7));
  turns(2);
  EXPECT_EQ(batches_, (std::vector<std::vector<int>>{{1, 2}}));
  EXPECT_EQ(counter("test_timed_batches"), 1u);
}

TEST_F(BatchStream, TheDelayBeginsWithTheFirstItemOfABatch) {
  stream_.consume<&BatchStream::on_batch>(this);
  push(1, 3);
  pass(std::chrono::milliseconds(3));
  turns(1);
  push(4, 2);  // fills the first batch and begins the second
  turns(1);
  EXPECT_EQ(batches_.size(), 1u);
  pass(std::chrono::milliseconds(3));  // the first would be due now, the second is not
  turns(2);
  EXPECT_EQ(batches_.size(), 1u);
  pass(std::chrono::milliseconds(4));
  turns(2);
  EXPECT_EQ(batches_.back(), std::vector{5});
}

TEST_F(BatchStream, FillsUpWhileTheConsumerIsBusy) {
  releases_ = false;
  stream_.consume<&BatchStream::on_batch>(this);
  push(1, 4);
  turns(1);
  push(5, 2);
  pass(std::chrono::milliseconds(20));
  turns(3);
  EXPECT_EQ(batches_.size(), 1u);  // the first is not released
  push(7, 1);                      // joins the waiting batch, overdue as it is
  stream_.release();
  turns(2);
  EXPECT_EQ(batches_.back(), (std::vector{5, 6, 7}));
  stream_.release();
}

TEST_F(BatchStream, RefusesWhenFullAndCallsTheRoomHookOnce) {
  releases_ = false;
  stream_.consume<&BatchStream::on_batch>(this);
  stream_.on_room<&BatchStream::on_room>(this);
  push(0, 12);
  next_ = 12;
  EXPECT_FALSE(stream_.try_push(12));
  EXPECT_FALSE(stream_.try_push(12));
  EXPECT_EQ(counter("test_refused"), 2u);
  turns(3);
  EXPECT_EQ(room_calls_, 0);
  push_until_ = 14;
  stream_.release();
  turns(3);
  EXPECT_EQ(room_calls_, 1);
  EXPECT_EQ(next_, 14);
  stream_.release();
  turns(3);
  EXPECT_EQ(room_calls_, 1);  // nobody was refused since
}

TEST_F(BatchStream, CoroutinesOnBothSidesKeepOrderAndPressure) {
  int accepted = 0;
  bool pushed = false;
  bool taken = false;
  auto producer = push_all(stream_, 0, 1000, accepted);
  auto consumer = take_all(stream_, batches_);
  start(producer, pushed);
  EXPECT_EQ(accepted, 12);  // three batches, then it waits
  start(consumer, taken);
  turns(260);
  EXPECT_TRUE(pushed);
  EXPECT_EQ(accepted, 1000);
  stream_.finish();
  turns(5);
  EXPECT_TRUE(taken);
  EXPECT_TRUE(stream_.is_drained());
  int next = 0;
  for (const auto& batch : batches_) {
    for (const int value : batch) EXPECT_EQ(value, next++);
  }
  EXPECT_EQ(next, 1000);
  EXPECT_GE(counter("test_push_waits"), 200u);
}

TEST_F(BatchStream, WhoWaitsIsNotOvertaken) {
  int accepted = 0;
  bool pushed = false;
  push(0, 12);
  auto waiting = push_all(stream_, 12, 1, accepted);
  start(waiting, pushed);
  releases_ = false;
  stream_.consume<&BatchStream::on_batch>(this);
  EXPECT_FALSE(stream_.try_push(99));
  turns(1);
  stream_.release();
  turns(1);
  EXPECT_EQ(accepted, 1);
  EXPECT_TRUE(stream_.try_push(13));
}

TEST_F(BatchStream, FlushDeliversWithoutWaiting) {
  stream_.consume<&BatchStream::on_batch>(this);
  stream_.flush();
  push(1, 1);
  stream_.flush();
  turns(1);
  EXPECT_EQ(batches_, (std::vector<std::vector<int>>{{1}}));
  EXPECT_EQ(counter("test_last_batches"), 1u);
}

TEST_F(BatchStream, FinishDeliversTheRestAndThenTheEnd) {
  stream_.consume<&BatchStream::on_batch>(this);
  push(1, 6);
  stream_.finish();
  EXPECT_FALSE(stream_.try_push(7));
  turns(4);
  EXPECT_EQ(batches_, (std::vector<std::vector<int>>{{1, 2, 3, 4}, {5, 6}}));
  EXPECT_TRUE(ended_);
  EXPECT_TRUE(stream_.is_drained());
  EXPECT_EQ(counter("test_pushed"), counter("test_delivered"));
}

TEST_F(BatchStream, AnEmptyStreamThatIsFinishedEndsAtOnce) {
  bool taken = false;
  auto consumer = take_all(stream_, batches_);
  start(consumer, taken);
  stream_.finish();
  turns(1);
  EXPECT_TRUE(taken);
  int accepted = 0;
  bool pushed = false;
  auto late = push_all(stream_, 0, 2, accepted);
  start(late, pushed);
  EXPECT_TRUE(pushed);
  EXPECT_EQ(accepted, 0);
}

TEST_F(BatchStream, CoroutinesThatWaitMayBeDestroyed) {
  int accepted = 0;
  bool pushed = false;
  bool taken = false;
  push(0, 12);
  {
    auto producer = push_all(stream_, 12, 1, accepted);
    start(producer, pushed);
  }
  {
    Stream empty(core(), {.name = "empty"});
    auto consumer = take_all(empty, batches_);
    start(consumer, taken);
  }
  stream_.consume<&BatchStream::on_batch>(this);
  turns(6);
  EXPECT_EQ(batches_.size(), 3u);
  EXPECT_FALSE(pushed || taken);
}

TEST_F(BatchStream, NoDelayMeansTheEndOfTheTurn) {
  Stream eager(core(), {.name = "eager", .batch_items_max = 100, .batches_max = 2, .batch_delay = base::Duration::zero()});
  bool taken = false;
  auto consumer = take_all(eager, batches_);
  start(consumer, taken);
  for (int value = 0; value < 3; ++value) EXPECT_TRUE(eager.try_push(int{value}));
  turns(1);
  EXPECT_EQ(batches_, (std::vector<std::vector<int>>{{0, 1, 2}}));
  eager.finish();
  turns(2);
  EXPECT_TRUE(taken);
}

TEST_F(BatchStream, TheMeanIsOverAllBatches) {
  stream_.consume<&BatchStream::on_batch>(this);
  push(0, 4);
  turns(1);
  push(4, 1);
  stream_.flush();
  turns(2);
  EXPECT_DOUBLE_EQ(stream_.batch_items_mean(), 2.5);
  const auto sizes = stream_.counters().batch_items.read();
  EXPECT_EQ(sizes.count(), 2u);
  EXPECT_EQ(sizes.min(), 1u);
  EXPECT_EQ(sizes.max(), 4u);
  EXPECT_EQ(histogram("test_batch_items").sum(), 5u);
  pass(std::chrono::seconds(2));
  turns(1);
  EXPECT_NEAR(stream_.items_per_second(), 2.5, 0.01);
}

TEST_F(BatchStream, ACancelledProducerPushesNothing) {
  int accepted = 0;
  auto before = core().scheduler().spawn(push_all(stream_, 0, 1, accepted));
  turns(1);
  EXPECT_EQ(accepted, 1);
  push(1, 11);
  auto waiting = core().scheduler().spawn(push_all(stream_, 12, 1, accepted));
  auto behind = core().scheduler().spawn(push_all(stream_, 13, 1, accepted));
  turns(1);
  EXPECT_EQ(counter("test_push_waits"), 2u);
  waiting.cancel();
  turns(1);
  EXPECT_TRUE(waiting.has_ended());
  EXPECT_EQ(counter("test_refused"), 1u);
  stream_.consume<&BatchStream::on_batch>(this);  // who waited behind goes on
  turns(3);
  EXPECT_TRUE(behind.has_ended());
  EXPECT_EQ(accepted, 2);
  stream_.finish();
  turns(5);
  EXPECT_EQ(batches_.back(), std::vector{13});
}

TEST_F(BatchStream, AProducerThatHasBeenLetInStaysInAlthoughItIsCancelled) {
  int accepted = 0;
  push(0, 12);
  auto waiting = core().scheduler().spawn(push_all(stream_, 12, 1, accepted));
  turns(1);
  releases_ = false;
  stream_.consume<&BatchStream::on_batch>(this);
  turns(1);
  stream_.release();  // lets it in, and queues the coroutine
  waiting.cancel();
  turns(1);
  EXPECT_EQ(accepted, 1);
  EXPECT_EQ(counter("test_pushed"), 13u);
}

TEST_F(BatchStream, ACancelledConsumerLeavesWhatItHasNotSeenToTheNext) {
  auto first = core().scheduler().spawn(take_all(stream_, batches_));
  turns(1);
  first.cancel();
  push(0, 4);  // the consumer waits no more, although it has not gone on yet
  turns(2);
  EXPECT_TRUE(first.has_ended());
  EXPECT_TRUE(batches_.empty());
  auto second = core().scheduler().spawn(take_all(stream_, batches_));
  turns(2);
  EXPECT_EQ(batches_, (std::vector<std::vector<int>>{{0, 1, 2, 3}}));
  stream_.finish();
  turns(3);
  EXPECT_TRUE(second.has_ended());
  EXPECT_TRUE(stream_.is_drained());
}

TEST_F(BatchStream, ACancelledConsumerGivesBackTheBatchThatItHad) {
  const auto hold_one = [](Stream& stream, std::vector<std::vector<int>>& batches) -> sched::Task<> {
    const Stream::Batch batch = co_await stream.next();
    batches.emplace_back(batch.begin(), batch.end());
    const Stream::Batch none = co_await stream.next();
    EXPECT_TRUE(none.empty());
  };
  push(0, 4);
  auto holder = core().scheduler().spawn(hold_one(stream_, batches_));
  turns(2);
  EXPECT_EQ(batches_.size(), 1u);
  holder.cancel();
  turns(2);
  EXPECT_TRUE(holder.has_ended());
  stream_.finish();
  EXPECT_TRUE(stream_.is_drained());
}

TEST_F(BatchStream, WhoIsCancelledFirstPushesAndTakesNothing) {
  push(0, 4);
  int accepted = 0;
  core().scheduler().wind_down();
  core().scheduler().spawn(push_all(stream_, 0, 3, accepted)).detach();
  core().scheduler().spawn(take_all(stream_, batches_)).detach();
  turns(2);
  EXPECT_EQ(accepted, 0);
  EXPECT_EQ(counter("test_refused"), 3u);
  EXPECT_TRUE(batches_.empty());
  stream_.consume<&BatchStream::on_batch>(this);
  turns(2);
  EXPECT_EQ(batches_.size(), 1u);
}

// Producers, a consumer that holds batches for a while, time that passes: everything arrives, once, in order, in batches of the right
// size.
TEST_F(BatchStream, NothingIsLostWhateverTheOrder) {
  std::mt19937_64 random(unit_test::seed());
  releases_ = false;
  stream_.consume<&BatchStream::on_batch>(this);
  std::size_t released = 0;
  int next = 0;
  for (int step = 0; step < 20'000; ++step) {
    switch (random() % 6) {
      case 0:
      case 1: next += stream_.try_push(int{next}) ? 1 : 0; break;
      case 2:
      case 3: turns(1); break;
      case 4: pass(std::chrono::milliseconds(random() % 8)); break;
      default:
        if (batches_.size() > released) {
          ++released;
          stream_.release();
        }
    }
  }
  releases_ = true;
  if (batches_.size() > released) stream_.release();
  stream_.finish();
  turns(10);
  EXPECT_TRUE(ended_);
  int seen = 0;
  for (const auto& batch : batches_) {
    ASSERT_LE(batch.size(), 4u);
    for (const int value : batch) ASSERT_EQ(value, seen++);
  }
  EXPECT_EQ(seen, next);
  EXPECT_GT(counter("test_refused"), 0u);
  EXPECT_GT(counter("test_timed_batches"), 0u);
}

TEST(BatchStreamOfOwners, MovesItems) {
  static_assert(std::is_same_v<flow::BatchStream<std::unique_ptr<int>>::Batch, std::span<std::unique_ptr<int>>>);
  flow::BatchBuffers<std::unique_ptr<int>> buffers(1, 1);
  buffers.push(std::make_unique<int>(7));
  EXPECT_EQ(*buffers.front()[0], 7);
}

}  // namespace
}  // namespace flow_test
