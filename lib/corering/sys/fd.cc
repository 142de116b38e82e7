#include "corering/sys/fd.h"

#include <unistd.h>

namespace corering::sys {

Fd::~Fd() {
  // close(2) releases the descriptor even when it reports EINTR: never retried.
  if (value_ >= 0) ::close(value_);
}

}  // namespace corering::sys
