// BackendChoice: which back end a runtime uses.
//
// Today one real back end exists; the choice is a function of its own because this is where epoll joins, and where --backend=auto
// says in one line what was chosen, why, and how to get the better one.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "corering/base/result.h"
#include "corering/ring/backend.h"

namespace corering::runtime {

enum class BackendChoice : std::uint8_t { automatic, io_uring };

// Errors: invalid_argument for an unknown name, naming those that exist.
base::Result<BackendChoice> parse_backend(std::string_view name);

// Makes one back end per core.
using BackendFactory = std::function<std::unique_ptr<ring::Backend>()>;
BackendFactory backend_factory(BackendChoice choice);

}  // namespace corering::runtime
