#include "corering/metrics/prometheus.h"

#include <array>
#include <charconv>

namespace corering::metrics {

namespace {

constexpr std::string_view kNanoseconds = "_ns";

// Bucket bounds are 2^k - 1 for these k: 1 microsecond to 17 seconds, or 1 to a million.
struct BucketRange {
  unsigned first;
  unsigned last;
};
constexpr BucketRange kTimeBuckets{10, 34};
constexpr BucketRange kCountBuckets{1, 20};

bool drop_suffix(std::string& name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return false;
  name.resize(name.size() - suffix.size());
  return true;
}

// In the unit that is exposed: nanoseconds become seconds, without going through a rounded fraction.
void append_value(std::string& text, std::uint64_t value, bool is_time) {
  if (!is_time) {
    text += std::to_string(value);
    return;
  }
  constexpr std::uint64_t kPerSecond = 1'000'000'000;
  text += std::to_string(value / kPerSecond);
  std::string fraction = std::to_string(value % kPerSecond);
  fraction.insert(0, 9 - fraction.size(), '0');
  fraction.resize(fraction.find_last_not_of('0') + 1);
  if (!fraction.empty()) (text += '.') += fraction;
}

void append_escaped(std::string& text, std::string_view value, bool escape_quotes) {
  for (const char c : value) {
    switch (c) {
      case '\\': text += "\\\\"; break;
      case '\n': text += "\\n"; break;
      case '"': text += escape_quotes ? "\\\"" : "\""; break;
      default: text += c;
    }
  }
}

// {core="0",le="1"}; `last` is one more label, with a value that needs no escaping, if it is not empty.
void append_labels(std::string& text, const Labels& labels, std::string_view last = {}) {
  if (labels.empty() && last.empty()) return;
  char separator = '{';
  for (const Label& label : labels) {
    text += separator;
    text += label.name;
    text += "=\"";
    append_escaped(text, label.value, true);
    text += '"';
    separator = ',';
  }
  if (!last.empty()) {
    text += separator;
    text += "le=\"";
    text += last;
    text += '"';
  }
  text += '}';
}

void append_line(std::string& text, std::string_view name, const Labels& labels, std::uint64_t value, bool is_time) {
  text += name;
  append_labels(text, labels);
  text += ' ';
  append_value(text, value, is_time);
  text += '\n';
}

void append_bucket(std::string& text, std::string_view name, const Labels& labels, std::string_view bound, std::uint64_t count) {
  text += name;
  text += "_bucket";
  append_labels(text, labels, bound);
  text += ' ';
  text += std::to_string(count);
  text += '\n';
}

void append_histogram(std::string& text, const std::string& name, const Series& series, bool is_time) {
  const auto [first, last] = is_time ? kTimeBuckets : kCountBuckets;
  const Distribution& all = series.distribution;
  for (unsigned bits = first; bits <= last; ++bits) {
    const std::uint64_t bound = (std::uint64_t{1} << bits) - 1;
    std::string bound_text;
    append_value(bound_text, bound, is_time);
    append_bucket(text, name, series.labels, bound_text, all.count_up_to(bound));
  }
  append_bucket(text, name, series.labels, "+Inf", all.count());
  append_line(text, name + "_sum", series.labels, all.sum(), is_time);
  append_line(text, name + "_count", series.labels, all.count(), false);
}

// A metric whose owner wrote no help is explained by its name.
std::string help_of(const Family& family) {
  if (!family.help.empty()) return family.help;
  std::string words = family.name;
  for (char& c : words) c = c == '_' ? ' ' : c;
  return words;
}

}  // namespace

std::string prometheus_name(std::string_view name, Kind kind) {
  std::string full = name.starts_with("process_") ? std::string(name) : "corering_" + std::string(name);
  if (kind == Kind::gauge) drop_suffix(full, "_total");
  if (drop_suffix(full, kNanoseconds)) full += "_seconds";
  if (kind == Kind::counter && !full.ends_with("_total")) full += "_total";
  return full;
}

std::string to_prometheus(std::span<const Family> families) {
  std::string text;
  for (const Family& family : families) {
    const std::string name = prometheus_name(family.name, family.kind);
    const bool is_time = family.name.ends_with(kNanoseconds);
    ((text += "# HELP ") += name) += ' ';
    append_escaped(text, help_of(family), false);
    ((((text += "\n# TYPE ") += name) += ' ') += name_of(family.kind)) += '\n';
    for (const Series& series : family.series) {
      if (family.kind == Kind::histogram) {
        append_histogram(text, name, series, is_time);
      } else {
        append_line(text, name, series.labels, series.value, is_time);
      }
    }
  }
  return text;
}

}  // namespace corering::metrics
