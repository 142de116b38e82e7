// Intrusive lists: the one place that includes Boost.Intrusive.
//
// An element carries its hook, so joining and leaving a list allocates nothing and an element can leave in O(1) without knowing
// its place. Hooks are safe-link: an element destroyed while linked aborts. An element in several lists has one hook per list,
// told apart by a tag type:
//
//   struct DirtyTag;
//   class Connection : public base::ListHook<DirtyTag> { ... };
//   base::List<Connection, DirtyTag> dirty;
//
// A Stack is the half of it for what is only ever taken from the top, as a pool's free places are: a hook of one pointer.
#pragma once

#include "corering/base/assert.h"

// Safe-link checks go through our assertion: on in every build, printed and fatal.
#define BOOST_INTRUSIVE_SAFE_HOOK_DEFAULT_ASSERT(expression) CORERING_ASSERT(expression, "an intrusive hook is misused")
#define BOOST_INTRUSIVE_SAFE_HOOK_DESTRUCTOR_ASSERT(expression) \
  CORERING_ASSERT(expression, "an element is destroyed while it is still in a list")

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <boost/intrusive/slist.hpp>
#include <boost/intrusive/slist_hook.hpp>

namespace corering::base {

template <typename Tag>
using ListHook =
    boost::intrusive::list_base_hook<boost::intrusive::tag<Tag>, boost::intrusive::link_mode<boost::intrusive::safe_link>>;

// size() is O(n): lists that need a count keep their own. Thread: one. Lifetime: does not own its elements.
template <typename T, typename Tag>
using List = boost::intrusive::list<T, boost::intrusive::base_hook<ListHook<Tag>>, boost::intrusive::constant_time_size<false>>;

// Not safe-link: that would write a null into each element that leaves, and stacks are for places whose owner knows which are in.
template <typename Tag>
using StackHook =
    boost::intrusive::slist_base_hook<boost::intrusive::tag<Tag>, boost::intrusive::link_mode<boost::intrusive::normal_link>>;

// push_front, front, pop_front, empty. Thread: one. Lifetime: does not own its elements.
template <typename T, typename Tag>
using Stack = boost::intrusive::slist<T, boost::intrusive::base_hook<StackHook<Tag>>, boost::intrusive::constant_time_size<false>,
                                      boost::intrusive::linear<true>>;

}  // namespace corering::base
