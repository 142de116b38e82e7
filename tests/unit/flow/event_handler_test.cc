#include "corering/flow/event_handler.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace {

using corering::flow::EventHandler;
using corering::flow::EventHandlerList;

struct Event {
  int value = 0;
};

// Writes its name when it is called, and then does what the test says.
class Listener {
 public:
  Listener(std::string& trace, char name) : trace_(trace), name_(name) {}

  void then(std::function<void()> action) { then_ = std::move(action); }
  operator EventHandler<Event>&() { return handler_; }
  int seen = 0;

 private:
  void on_event(const Event& event) {
    trace_ += name_;
    seen += event.value;
    if (then_) then_();
  }

  std::string& trace_;
  char name_;
  std::function<void()> then_;
  EventHandler<Event> handler_ = EventHandler<Event>::to<&Listener::on_event>(this);
};

class EventHandlers : public testing::Test {
 protected:
  std::string deliver() {
    trace_.clear();
    count_ = list_.deliver(Event{1});
    return trace_;
  }

  std::string trace_;
  std::size_t count_ = 0;
  Listener a_{trace_, 'a'}, b_{trace_, 'b'}, c_{trace_, 'c'}, d_{trace_, 'd'};
  EventHandlerList<Event> list_;
};

TEST_F(EventHandlers, AreCalledByPriorityThenByTheOrderOfSubscription) {
  list_.add(a_, 0);
  list_.add(b_, 5);
  list_.add(c_, 0);
  list_.add(d_, 5);
  EXPECT_EQ(deliver(), "bdac");
  EXPECT_EQ(count_, 4u);
  EXPECT_EQ(a_.seen, 1);
}

TEST_F(EventHandlers, PrioritiesMayBeNegative) {
  list_.add(a_, -1);
  list_.add(b_, INT32_MIN);
  list_.add(c_, INT32_MAX);
  EXPECT_EQ(deliver(), "cab");
}

TEST_F(EventHandlers, NobodyIsNoError) {
  EXPECT_EQ(deliver(), "");
  EXPECT_EQ(count_, 0u);
}

TEST_F(EventHandlers, ARemovedOneIsNotCalledAndMayComeBack) {
  list_.add(a_, 0);
  list_.add(b_, 0);
  list_.remove(a_);
  list_.remove(a_);
  EXPECT_EQ(deliver(), "b");
  list_.add(a_, 1);
  EXPECT_EQ(deliver(), "ab");
}

TEST_F(EventHandlers, OneMayRemoveItselfAndThoseBehindIt) {
  list_.add(a_, 3);
  list_.add(b_, 2);
  list_.add(c_, 1);
  list_.add(d_, 0);
  a_.then([&] {
    list_.remove(a_);
    list_.remove(b_);  // the very next
    list_.remove(d_);  // the last
  });
  EXPECT_EQ(deliver(), "ac");
  EXPECT_EQ(deliver(), "c");
}

TEST_F(EventHandlers, OneThatJoinsBehindTheCallerSeesTheEvent) {
  list_.add(a_, 5);
  list_.add(b_, 1);
  a_.then([&] {
    if (!static_cast<EventHandler<Event>&>(c_).is_subscribed()) list_.add(c_, 3);  // right before the next
    if (!static_cast<EventHandler<Event>&>(d_).is_subscribed()) list_.add(d_, 9);  // its place is past
  });
  EXPECT_EQ(deliver(), "acb");
  EXPECT_EQ(deliver(), "dacb");
}

TEST_F(EventHandlers, OneThatJoinsAtTheEndSeesTheEvent) {
  list_.add(a_, 5);
  a_.then([&] {
    if (!static_cast<EventHandler<Event>&>(b_).is_subscribed()) list_.add(b_, 0);
  });
  EXPECT_EQ(deliver(), "ab");
}

}  // namespace
