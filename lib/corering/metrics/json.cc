#include "corering/metrics/json.h"

namespace corering::metrics {

namespace {

void append_steps(std::string& text, const Distribution& all) {
  text += "\"count\":" + std::to_string(all.count()) + ",\"sum\":" + std::to_string(all.sum()) + ",\"steps\":[";
  bool is_first = true;
  for (std::size_t step = 0; step < all.steps().size(); ++step) {
    if (all.steps()[step] == 0) continue;
    if (!is_first) text += ',';
    is_first = false;
    text += '[' + std::to_string(step) + ',' + std::to_string(all.steps()[step]) + ']';
  }
  text += ']';
}

void append_series(std::string& text, const Series& series, Kind kind) {
  text += "{\"labels\":{";
  for (std::size_t index = 0; index < series.labels.size(); ++index) {
    if (index != 0) text += ',';
    text += json_string(series.labels[index].name) + ':' + json_string(series.labels[index].value);
  }
  text += "},";
  if (kind == Kind::histogram) {
    append_steps(text, series.distribution);
  } else {
    text += "\"value\":" + std::to_string(series.value);
  }
  text += '}';
}

}  // namespace

std::string json_string(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20) {
      quoted += "\\u00";
      quoted += kHex[byte >> 4];
      quoted += kHex[byte & 15];
    } else {
      quoted += c;
    }
  }
  quoted += '"';
  return quoted;
}

std::string to_json(std::span<const Family> families) {
  std::string text = "[";
  for (const Family& family : families) {
    if (text.size() > 1) text += ",\n";
    text += "{\"name\":" + json_string(family.name) + ",\"kind\":\"" + std::string(name_of(family.kind)) +
            "\",\"help\":" + json_string(family.help) + ",\"series\":[";
    for (std::size_t index = 0; index < family.series.size(); ++index) {
      if (index != 0) text += ',';
      append_series(text, family.series[index], family.kind);
    }
    text += "]}";
  }
  text += ']';
  return text;
}

}  // namespace corering::metrics
