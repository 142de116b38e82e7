// Error: why the environment refused something, in words that an operator can act on.
//
// Used on cold paths only (set-up, configuration); it may allocate. Results of I/O on a connection are ring::IoResult.
#pragma once

#include <string>
#include <utility>

namespace corering::base {

enum class ErrorCode {
  invalid_argument,  // a value that can never work: exit code 2 in the servers
  address_in_use,    // somebody else listens there
  forbidden,         // seccomp, sysctl, missing rights
  unsupported,       // this kernel or machine lacks it
  limit_too_low,     // a resource limit, named in the text
  out_of_memory,     // the kernel has no memory for us
  cancelled,         // whoever asked for it was given up on meanwhile
  system,            // any other refusal of the operating system
};

struct Error {
  ErrorCode code = ErrorCode::system;
  int os_error = 0;  // errno, 0 if there is none
  std::string text;  // one line: what, the value found, the value needed, the remedy
};

// "what: strerror(os_error)", with a code chosen from os_error.
Error os_error(int os_error, std::string what);

// The text of an errno value. Thread: any.
std::string errno_text(int os_error);

}  // namespace corering::base
