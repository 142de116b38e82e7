// Inline requests: what a person types into a raw connection, split into arguments as Redis does it.
#pragma once

#include <cstddef>
#include <string_view>

#include "kv/protocol/argument_list.h"

namespace kv::protocol {

enum class Quotes : bool { unbalanced, balanced };

// Splits a line at blanks. "double quotes" know \n \r \t \b \a \\ \" and \xHH, 'single quotes' only \'; a closing quote ends at a
// blank. A quote within a word continues it, as in a"b c".
//
// Arguments without quotes are views of the line; the others are written to `unquoted`. Requires: `unquoted` has room for
// line.size() bytes. Errors: unbalanced, and then `arguments` is empty.
Quotes split_inline(std::string_view line, ArgumentList& arguments, char* unquoted);

}  // namespace kv::protocol
