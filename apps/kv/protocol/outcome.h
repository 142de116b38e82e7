// Outcome: what a parser makes of the bytes it has seen so far.
#pragma once

#include <cstdint>

namespace kv::protocol {

enum class Outcome : std::uint8_t {
  request,     // one request is complete
  incomplete,  // what is there is the beginning of a request, or nothing
  value,       // a large value begins, of which not all is there: land it, or let it come like the rest
  refused,     // this request is answered with an error; the stream goes on behind it
  broken,      // the stream cannot be understood any further: answer with the error, then close
  intruder,    // somebody speaks another protocol, as a browser does that was tricked into it: close without an answer
};

}  // namespace kv::protocol
