// RespWriter: replies to RESP clients, in the version that the client speaks.
//
// RESP3 has types that RESP2 lacks; a RESP2 client gets what Redis gives it instead: a map or set becomes an array, a double a bulk
// string, a boolean an integer. Aggregates are announced by their count; their elements follow as replies of their own, so nothing nests
// in here.
//
// Texts of errors and simple strings end at a line break, so one that a client has chosen could forge replies: line breaks and NULs in
// them become blanks.
//
// Thread, lifetime, cost: as ReplyWriter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kv/protocol/reply_writer.h"

namespace kv::protocol {

enum class RespVersion : std::uint8_t { resp2 = 2, resp3 = 3 };

// Told of every error that is written.
class ErrorObserver {
 public:
  virtual void on_error(std::string_view text) = 0;

 protected:
  ~ErrorObserver() = default;
};

class RespWriter : public ReplyWriter {
 public:
  explicit RespWriter(ReplySink& sink, RespVersion version = RespVersion::resp2) noexcept : ReplyWriter(sink), version_(version) {}

  RespVersion version() const noexcept { return version_; }
  void set_version(RespVersion version) noexcept { version_ = version; }

  void ok() { literal("+OK\r\n"); }
  void simple_string(std::string_view text) { text_line('+', text); }

  // "ERR unknown command" or "WRONGTYPE Operation ...": the code is a part of the text.
  void error(std::string_view text) {
    if (observer_ != nullptr) observer_->on_error(text);
    text_line('-', text);
  }
  void observe_errors(ErrorObserver& observer) noexcept { observer_ = &observer; }

  void integer(std::int64_t value) {
    require(4);
    if (static_cast<std::uint64_t>(value) < 10) {
      small_line(':', static_cast<unsigned>(value));
    } else {
      number_line(':', value);
    }
  }

  void bulk(std::string_view bytes) {
    header('$', bytes.size());
    raw(bytes);
    literal("\r\n");
  }

  // A bulk whose bytes are sent where they lie.
  void bulk_reference(std::string_view bytes, Pin pin) {
    header('$', bytes.size());
    refer(bytes, pin);
    literal("\r\n");
  }

  // A text with a format of three letters, "txt" or "mkd"; a bulk in RESP2.
  void verbatim(std::string_view format, std::string_view text);

  void null() {
    if (version_ == RespVersion::resp3) {
      literal("_\r\n");
    } else {
      literal("$-1\r\n");
    }
  }
  void null_array() {
    if (version_ == RespVersion::resp3) {
      literal("_\r\n");
    } else {
      literal("*-1\r\n");
    }
  }

  void boolean(bool value) {
    if (version_ == RespVersion::resp2) {
      integer(value ? 1 : 0);
    } else if (value) {
      literal("#t\r\n");
    } else {
      literal("#f\r\n");
    }
  }

  void real(double value);
  void long_double(long double value);  // plain notation, as INCRBYFLOAT answers; not a RESP3 type of its own
  void big_number(std::string_view digits);

  void array(std::size_t count) { header('*', count); }
  void map(std::size_t pairs) { version_ == RespVersion::resp3 ? header('%', pairs) : header('*', 2 * pairs); }
  void set(std::size_t count) { header(version_ == RespVersion::resp3 ? '~' : '*', count); }
  void push(std::size_t count) { header(version_ == RespVersion::resp3 ? '>' : '*', count); }

 private:
  void small_line(char type, unsigned value) noexcept {
    const std::uint32_t line = static_cast<unsigned char>(type) | ('0' + value) << 8 | '\r' << 16 | std::uint32_t{'\n'} << 24;
    std::memcpy(next_, &line, 4);
    next_ += 4;
  }

  void header(char type, std::size_t count) {
    require(8);
    if (count < 10) {
      small_line(type, static_cast<unsigned>(count));
    } else if (count < 100) {
      const std::uint64_t line = static_cast<unsigned char>(type) | ('0' + count / 10) << 8 | ('0' + count % 10) << 16 |
                                 '\r' << 24 | std::uint64_t{'\n'} << 32;
      std::memcpy(next_, &line, 8);
      next_ += 5;
    } else {
      number_line(type, static_cast<std::int64_t>(count));
    }
  }

  void number_line(char type, std::int64_t value) {
    require(1 + kIntegerBytesMax + 2);
    put(type);
    next_ = write_int64(value, next_);
    put_crlf();
  }

  void text_line(char type, std::string_view text);

  RespVersion version_;
  ErrorObserver* observer_ = nullptr;
};

}  // namespace kv::protocol
