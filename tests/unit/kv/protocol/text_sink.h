// A ReplySink that collects replies as text, with windows as small as a sink may make them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kv/protocol/reply_sink.h"

namespace kv::protocol {

class TextSink final : public ReplySink {
 public:
  explicit TextSink(std::size_t window_bytes = kWindowBytesMin) : window_(window_bytes) {}
  ~TextSink() override {
    for (const Pin& pin : pins_) pin.release(pin.owner);
  }

  std::span<char> next_window(std::size_t written, std::size_t) override {
    finish(written);
    return window_;
  }
  void finish(std::size_t written) override { text_.append(window_.data(), written); }
  void refer(std::string_view bytes, Pin pin) override {
    text_.append(bytes);
    pins_.push_back(pin);
  }

  const std::string& text() const noexcept { return text_; }

 private:
  std::vector<char> window_;
  std::string text_;
  std::vector<Pin> pins_;
};

// What `write(writer)` writes.
template <typename Writer, typename Write, typename... Arguments>
std::string written(Write&& write, Arguments... arguments) {
  TextSink sink;
  {
    Writer writer(sink, arguments...);
    write(writer);
  }
  return sink.text();
}

}  // namespace kv::protocol
