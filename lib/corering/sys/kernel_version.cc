#include "corering/sys/kernel_version.h"

#include <sys/utsname.h>

#include <cstdio>

// <sys/sysmacros.h> of some C libraries defines these as macros.
#undef major
#undef minor

namespace corering::sys {

std::string kernel_release() {
  utsname name{};
  return ::uname(&name) == 0 ? name.release : std::string();
}

KernelVersion kernel_version() {
  KernelVersion version;
  if (std::sscanf(kernel_release().c_str(), "%d.%d", &version.major, &version.minor) != 2) return {};
  return version;
}

}  // namespace corering::sys
