// LentMemory: a part of an arena that somebody uses in pieces, and whom to ask before pages of it go back to the machine.
//
// So that a room that knows no ring can keep its data where a ring sends and writes it from as it lies. It may discard pages that it
// does not need (madvise) unless their holder says that it refers to them: a ring that has registered a piece of the arena would go on
// with the old pages, whatever is written to the new ones.
//
// Thread: that of the core. Lifetime: memory and holder outlive whoever borrows, the holder as long as it is asked.
#pragma once

#include "corering/base/bytes.h"

namespace corering::mem {

// Somebody who may refer to pages besides their user.
class PageHolder {
 public:
  // Whether it refers to any page of `bytes`.
  virtual bool holds(base::ByteView bytes) const noexcept = 0;

 protected:
  ~PageHolder() = default;
};

struct LentMemory {
  base::MutableBytes bytes;            // aligned to a huge page, never touched yet; empty: there is none
  const PageHolder* holder = nullptr;  // nobody but the user
};

}  // namespace corering::mem
