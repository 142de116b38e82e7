// RequestReader: gives a parser whole requests out of a stream that arrives in pieces.
//
// A request that lies in one piece is parsed where it lies. Only the incomplete tail of a piece is copied, and then as much of the
// next pieces as belongs to the same request; what follows is parsed in place again. So the chunk of a piece is free as soon as its
// requests are done, however slowly the rest of the last one comes.
//
//   reader.feed(input.front());
//   while (reader.next(arguments) == Outcome::request) execute(arguments);
//   input.consume(reader.consumed());
//
// A large value need not come this way: on Outcome::value the session may let it be received where it is to stay, see landing().
//
// Thread: any one. Lifetime: the views in a request live until the next feed(), as long as its piece does. Several may be parsed ahead.
// Cost: one copy of a request that is cut, into memory of its own that a short request leaves behind for the next.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "kv/protocol/outcome.h"
#include "kv/protocol/tail.h"

namespace kv::protocol {

template <typename Parser>
class RequestReader {
 public:
  using Request = typename Parser::Request;

  explicit RequestReader(Parser parser, std::size_t request_bytes_max) noexcept
      : parser_(std::move(parser)), request_bytes_max_(request_bytes_max) {}

  // The next piece of the stream. Requires: of the piece before all was consumed, or the new one begins where consumed() ended.
  void feed(std::string_view piece) noexcept {
    piece_ = piece;
    consumed_ = 0;
    tail_.forget_finished();
    parser_.forget_copies();
  }

  // The next request, which is given again and again, as it was left, until it is complete. Everything but a request ends the piece:
  // `incomplete`: all of it was taken. `refused`: parser().error() is the answer, further calls go on behind it. `broken` because the
  // request is larger than request_bytes_max is told by is_too_large().
  Outcome next(Request& request) {
    if (swallowing_ > 0 && !swallow()) return Outcome::incomplete;
    return tail_.empty() ? next_in_place(request) : next_in_tail(request);
  }

  // Of one request, with all its arguments: beyond it is `broken`.
  void set_request_bytes_max(std::size_t bytes) noexcept { request_bytes_max_ = bytes; }

  // The piece lies somewhere else now. Views of requests that lay in it are the caller's affair.
  void on_piece_moved(std::string_view piece) noexcept { piece_ = piece; }

  // What of the piece no request has taken, and what of a request is kept.
  std::string_view rest() const noexcept { return piece_.substr(consumed_); }
  std::size_t kept_bytes() const noexcept { return tail_.size(); }

  std::size_t consumed() const noexcept { return consumed_; }
  Parser& parser() noexcept { return parser_; }
  const Parser& parser() const noexcept { return parser_; }
  bool is_too_large() const noexcept { return too_large_; }

  // After `value`: a value of parser().value_bytes() begins. The result is the part of it that is consumed; copy it, have the rest
  // received behind it, beginning with what is left of the piece, then call on_landed() with the whole, and feed on. The request's
  // other views have moved to memory of the reader.
  std::string_view land(Request& request) {
    if (tail_.empty()) keep_rest(request);
    const std::string_view here = tail_.view().substr(parser_.value_begin());
    tail_.truncate(parser_.value_begin());
    return here;
  }
  void on_landed(std::string_view value, Request& request) { parser_.on_landed(value, request); }

  // After `value`: the value is not wanted. It is passed over as it comes, and the request is forgotten.
  void swallow_value() noexcept {
    const std::size_t begin = parser_.value_begin();
    swallowing_ = parser_.value_bytes() + 2;
    if (tail_.empty()) {
      consumed_ += begin;
    } else {
      swallowing_ -= tail_.size() - begin;
      tail_.clear();
    }
    parser_.abandon();
  }

 private:
  Outcome next_in_place(Request& request) {
    const std::string_view rest = piece_.substr(consumed_);
    const Outcome outcome = parser_.parse(rest, request);
    if (outcome == Outcome::request) [[likely]] {
      consumed_ += parser_.request_bytes();
      return outcome;
    }
    if (outcome == Outcome::incomplete) {
      consumed_ += parser_.take_skipped();
      if (consumed_ < piece_.size()) keep_rest(request);
      return check_size(outcome);
    }
    if (outcome == Outcome::refused) {
      consumed_ += parser_.request_bytes();
      swallowing_ = parser_.swallow_bytes();
    }
    return outcome;
  }

  Outcome next_in_tail(Request& request) {
    for (;;) {
      const std::string_view rest = piece_.substr(consumed_);
      if (rest.empty()) return Outcome::incomplete;
      const std::size_t taken = parser_.wanted(rest);
      const char* const before = tail_.view().data();
      tail_.append(rest.substr(0, taken), [&](const char* now) { parser_.on_moved(before, now, request); });
      consumed_ += taken;
      const Outcome outcome = check_size(parser_.parse(tail_.view(), request));
      if (outcome == Outcome::incomplete) {
        tail_.drop(parser_.take_skipped());
        if (tail_.empty()) return next_in_place(request);
        continue;
      }
      if (outcome == Outcome::refused) swallowing_ = parser_.swallow_bytes();
      if (outcome == Outcome::request || outcome == Outcome::refused) tail_.finish();
      return outcome;
    }
  }

  void keep_rest(Request& request) {
    const std::string_view rest = piece_.substr(consumed_);
    tail_.begin(rest);
    parser_.on_moved(rest.data(), tail_.view().data(), request);
    consumed_ = piece_.size();
  }

  Outcome check_size(Outcome outcome) noexcept {
    too_large_ = outcome == Outcome::incomplete && tail_.size() > request_bytes_max_;
    return too_large_ ? Outcome::broken : outcome;
  }

  // False if more is to be passed over than there is.
  bool swallow() noexcept {
    const std::size_t taken = std::min(swallowing_, piece_.size() - consumed_);
    consumed_ += taken;
    swallowing_ -= taken;
    return swallowing_ == 0;
  }

  Parser parser_;
  std::size_t request_bytes_max_;
  std::string_view piece_;
  std::size_t consumed_ = 0;
  std::size_t swallowing_ = 0;
  bool too_large_ = false;
  Tail tail_;
};

}  // namespace kv::protocol
