#include "corering/runtime/backend_choice.h"

#include <string>

#include "corering/ring/io_uring_backend.h"

namespace corering::runtime {

base::Result<BackendChoice> parse_backend(std::string_view name) {
  if (name == "auto") return BackendChoice::automatic;
  if (name == "io_uring") return BackendChoice::io_uring;
  return base::failure({base::ErrorCode::invalid_argument, 0, "found back end '" + std::string(name) + "', need auto or io_uring"});
}

BackendFactory backend_factory(BackendChoice choice) {
  switch (choice) {
    case BackendChoice::automatic:
    case BackendChoice::io_uring: break;
  }
  return [] { return std::make_unique<ring::IoUringBackend>(); };
}

}  // namespace corering::runtime
