#include "corering/base/error.h"

#include <cerrno>
#include <system_error>

namespace corering::base {

namespace {

ErrorCode code_of(int os_error) {
  switch (os_error) {
    case EADDRINUSE: return ErrorCode::address_in_use;
    case EPERM:
    case EACCES: return ErrorCode::forbidden;
    case ENOSYS:
    case EOPNOTSUPP: return ErrorCode::unsupported;
    case EMFILE:
    case ENFILE: return ErrorCode::limit_too_low;
    case ENOMEM:
    case ENOBUFS: return ErrorCode::out_of_memory;
    default: return ErrorCode::system;
  }
}

}  // namespace

std::string errno_text(int os_error) { return std::generic_category().message(os_error); }

Error os_error(int os_error, std::string what) {
  what += ": ";
  what += errno_text(os_error);
  return Error{code_of(os_error), os_error, std::move(what)};
}

}  // namespace corering::base
