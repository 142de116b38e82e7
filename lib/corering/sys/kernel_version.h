// The running kernel's version, for the kernel report and the short list of known-bad versions; features are probed, not inferred.
#pragma once

#include <compare>
#include <string>

namespace corering::sys {

struct KernelVersion {
  int major = 0;
  int minor = 0;

  friend auto operator<=>(KernelVersion, KernelVersion) = default;
};

KernelVersion kernel_version();

std::string kernel_release();  // uname -r

}  // namespace corering::sys
