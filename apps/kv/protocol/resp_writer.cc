#include "kv/protocol/resp_writer.h"

namespace kv::protocol {

void RespWriter::text_line(char type, std::string_view text) {
  constexpr std::string_view kUnfit("\r\n\0", 3);
  require(1);
  put(type);
  while (!text.empty()) {
    const std::size_t clean = std::min(text.find_first_of(kUnfit), text.size());
    raw(text.substr(0, clean));
    text.remove_prefix(clean);
    if (text.empty()) break;
    literal(" ");
    text.remove_prefix(1);
  }
  literal("\r\n");
}

void RespWriter::verbatim(std::string_view format, std::string_view text) {
  if (version_ == RespVersion::resp2) {
    bulk(text);
    return;
  }
  header('=', format.size() + 1 + text.size());
  raw(format);
  literal(":");
  raw(text);
  literal("\r\n");
}

void RespWriter::real(double value) {
  std::array<char, kDoubleBytesMax> digits;
  const std::string_view text(digits.data(), static_cast<std::size_t>(write_double(value, digits.data()) - digits.data()));
  if (version_ == RespVersion::resp2) {
    bulk(text);
  } else {
    text_line(',', text);
  }
}

void RespWriter::long_double(long double value) { bulk(LongDoubleText(value).view()); }

void RespWriter::big_number(std::string_view digits) {
  if (version_ == RespVersion::resp2) {
    bulk(digits);
  } else {
    text_line('(', digits);
  }
}

}  // namespace kv::protocol
