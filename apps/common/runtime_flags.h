// The flags that single options of the runtime are set with, after the profile.
#pragma once

#include "corering/base/result.h"
#include "corering/runtime/options.h"

namespace apps {

// Applies --profile and then what was given besides. Errors: invalid_argument.
corering::base::Result<> set_runtime(corering::runtime::Options& options);

}  // namespace apps
