// Service: what a core runs. One instance per core; net::Server is the usual one.
//
// Life: start → (work) → drain → idle → destroyed; abort cuts the way from drain to idle short.
// Thread: its core's only.
#pragma once

#include <functional>
#include <memory>

#include "corering/base/result.h"

namespace corering::runtime {

class Core;

class Service {
 public:
  virtual ~Service() = default;

  // Takes up work. Called once, when every core's ring works.
  virtual void start() = 0;

  // Takes no new work; what has been received is still answered.
  virtual void drain() = 0;

  // The drain time-out has passed: drops what is left.
  virtual void abort() = 0;

  // Nothing is left to do and nothing is in flight. Asked once per turn while draining.
  virtual bool is_idle() const = 0;

  // The loop has ended: no completion is reaped any more. The last call, on the core's thread.
  virtual void end() {}
};

// Makes the service of a core, before any core runs. Thread: the one that starts the runtime.
using ServiceFactory = std::function<base::Result<std::unique_ptr<Service>>(Core&)>;

}  // namespace corering::runtime
