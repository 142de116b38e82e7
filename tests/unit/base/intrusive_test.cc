#include "corering/base/intrusive.h"

#include <gtest/gtest.h>

#include <optional>

namespace {

namespace base = corering::base;

struct IdleTag;
struct DirtyTag;

struct Element : base::ListHook<IdleTag>, base::ListHook<DirtyTag> {
  bool is_idle() const { return base::ListHook<IdleTag>::is_linked(); }
  bool is_dirty() const { return base::ListHook<DirtyTag>::is_linked(); }
};

using IdleList = base::List<Element, IdleTag>;
using DirtyList = base::List<Element, DirtyTag>;

TEST(Intrusive, AnElementIsInOneListPerTagAndLeavesEachAlone) {
  Element first, second, third;
  IdleList idle;
  DirtyList dirty;
  for (Element* element : {&first, &second, &third}) idle.push_back(*element);
  dirty.push_back(second);

  idle.erase(idle.iterator_to(second));
  EXPECT_FALSE(second.is_idle());
  EXPECT_TRUE(second.is_dirty());
  EXPECT_EQ(&idle.front(), &first);
  EXPECT_EQ(&idle.back(), &third);
  EXPECT_EQ(&dirty.front(), &second);
  idle.clear();
  dirty.clear();
}

TEST(Intrusive, AListThatDiesLetsItsElementsGo) {
  Element element;
  {
    IdleList idle;
    idle.push_back(element);
  }
  EXPECT_FALSE(element.is_idle());
}

TEST(IntrusiveDeathTest, AnElementMustNotDieWhileItIsInAList) {
  EXPECT_DEATH(
      {
        IdleList idle;
        std::optional<Element> element(std::in_place);
        idle.push_back(*element);
        element.reset();
      },
      "an element is destroyed while it is still in a list");
}

TEST(IntrusiveDeathTest, AnElementCannotJoinTwice) {
  EXPECT_DEATH(
      {
        Element element;
        IdleList idle;
        IdleList other;
        idle.push_back(element);
        other.push_back(element);
      },
      "an intrusive hook is misused");
}

}  // namespace
