#include "corering/runtime/flushable.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace {

using corering::runtime::Flushable;
using corering::runtime::FlushList;

// Writes its name when it is flushed, and then does what the test says.
class Writer {
 public:
  Writer(std::string& trace, char name) : trace_(trace), name_(name) {}

  void then(std::function<void()> action) { then_ = std::move(action); }
  operator Flushable&() { return flushable_; }

 private:
  void flush() {
    trace_ += name_;
    if (then_) then_();
  }

  std::string& trace_;
  char name_;
  std::function<void()> then_;
  Flushable flushable_ = Flushable::to<&Writer::flush>(this);
};

class FlushListTest : public testing::Test {
 protected:
  std::string trace_;
  Writer a_{trace_, 'a'}, b_{trace_, 'b'}, c_{trace_, 'c'};
  FlushList list_;
};

TEST_F(FlushListTest, AWriterIsFlushedOncePerTurnHoweverOftenItWasWrittenTo) {
  for (Writer* writer : {&a_, &b_, &a_, &a_, &b_}) list_.add(*writer);
  list_.run();
  EXPECT_EQ(trace_, "ab");
  EXPECT_TRUE(list_.empty());
  list_.run();
  EXPECT_EQ(trace_, "ab");
}

// One send per connection and turn, even if flushing makes it want another at once.
TEST_F(FlushListTest, WhoJoinsDuringTheFlushWaitsForTheNextTurn) {
  a_.then([this] {
    if (trace_.size() > 10) return;
    list_.add(a_);
    list_.add(c_);
  });
  list_.add(a_);
  list_.add(b_);
  list_.run();
  EXPECT_EQ(trace_, "ab");
  EXPECT_FALSE(list_.empty());
  a_.then(nullptr);
  list_.run();
  EXPECT_EQ(trace_, "abac");
}

TEST_F(FlushListTest, WhoLeavesIsNotFlushedNeitherBeforeNorDuringTheFlush) {
  for (Writer* writer : {&a_, &b_, &c_}) list_.add(*writer);
  list_.remove(b_);
  a_.then([this] { list_.remove(c_); });
  list_.run();
  list_.remove(c_);
  EXPECT_EQ(trace_, "a");
}

TEST_F(FlushListTest, AListThatDiesLetsItsWritersGo) {
  {
    FlushList dies;
    dies.add(a_);
  }
  list_.add(a_);
  list_.run();
  EXPECT_EQ(trace_, "a");
}

}  // namespace
