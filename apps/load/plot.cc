#include "load/plot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

namespace load {

using corering::metrics::Distribution;
using corering::metrics::HistogramSteps;

namespace {

constexpr int kWidth = 900;
constexpr int kHeight = 360;
constexpr int kLeft = 70;
constexpr int kRight = 40;
constexpr int kTop = 60;
constexpr int kBottom = 50;
constexpr int kBarsPerOctave = 8;

constexpr const char* kStyle =
    "<style>svg{background:#fff}text{font:12px sans-serif;fill:#222}.axis{stroke:#888}.bar{fill:#3a76c4}.mark{stroke:#c0392b}"
    ".note{fill:#c0392b}@media(prefers-color-scheme:dark){svg{background:#16181c}text{fill:#ddd}.bar{fill:#6aa5ee}"
    ".mark{stroke:#ff8a75}.note{fill:#ff8a75}}</style>\n";

template <typename... Values>
void print(std::string& text, const char* format, Values... values) {
  char piece[512];
  std::snprintf(piece, sizeof piece, format, values...);
  text += piece;
}

// The horizontal axis: logarithmic, from the octave of the minimum to that of the maximum.
struct Axis {
  double low;  // log2 of nanoseconds
  double high;

  explicit Axis(const Distribution& all)
      : low(std::floor(std::log2(static_cast<double>(std::max<std::uint64_t>(all.min(), 1))))),
        high(std::max(std::ceil(std::log2(static_cast<double>(std::max<std::uint64_t>(all.max(), 2)))), low + 1)) {}

  double x(double log_ns) const { return kLeft + (std::clamp(log_ns, low, high) - low) / (high - low) * (kWidth - kLeft - kRight); }
  double x_of(std::uint64_t ns) const { return x(std::log2(static_cast<double>(std::max<std::uint64_t>(ns, 1)))); }
};

std::string time_text(double ns) {
  char text[32];
  if (ns < 1e3) {
    std::snprintf(text, sizeof text, "%.0f ns", ns);
  } else if (ns < 1e6) {
    std::snprintf(text, sizeof text, "%.3g us", ns / 1e3);
  } else if (ns < 1e9) {
    std::snprintf(text, sizeof text, "%.3g ms", ns / 1e6);
  } else {
    std::snprintf(text, sizeof text, "%.3g s", ns / 1e9);
  }
  return text;
}

// Requests per bar; an eighth of an octave is eight steps wide, so none is cut.
std::vector<std::uint64_t> bars(const Distribution& all, const Axis& axis) {
  std::vector<std::uint64_t> counts(static_cast<std::size_t>((axis.high - axis.low) * kBarsPerOctave));
  for (std::size_t step = 0; step < all.steps().size(); ++step) {
    if (all.steps()[step] == 0) continue;
    const double log_ns = std::log2(static_cast<double>(std::max<std::uint64_t>(HistogramSteps::first(step), 1)));
    const auto bar = static_cast<std::size_t>(std::max(0.0, (log_ns - axis.low) * kBarsPerOctave));
    counts[std::min(bar, counts.size() - 1)] += all.steps()[step];
  }
  return counts;
}

void draw_bars(std::string& svg, const Distribution& all, const Axis& axis) {
  const std::vector<std::uint64_t> counts = bars(all, axis);
  // Logarithmic, because a thousandth of the requests is what one looks for.
  const double tallest = std::log10(1.0 + static_cast<double>(*std::ranges::max_element(counts)));
  constexpr double kSpace = kHeight - kTop - kBottom;
  for (std::size_t bar = 0; bar < counts.size(); ++bar) {
    if (counts[bar] == 0) continue;
    const double left = axis.x(axis.low + static_cast<double>(bar) / kBarsPerOctave);
    const double right = axis.x(axis.low + static_cast<double>(bar + 1) / kBarsPerOctave);
    const double height = std::log10(1.0 + static_cast<double>(counts[bar])) / tallest * kSpace;
    print(svg, "<rect class='bar' x='%.1f' y='%.1f' width='%.1f' height='%.1f'><title>%llu requests</title></rect>\n", left,
          kHeight - kBottom - height, right - left - 0.5, height, static_cast<unsigned long long>(counts[bar]));
  }
  const std::uint64_t most = *std::ranges::max_element(counts);
  for (std::uint64_t count = 1; count <= most; count *= 10) {
    const double y = kHeight - kBottom - std::log10(1.0 + static_cast<double>(count)) / tallest * kSpace;
    print(svg, "<text x='%d' y='%.1f' text-anchor='end'>%llu</text>\n", kLeft - 6, y + 4, static_cast<unsigned long long>(count));
  }
}

void draw_axis(std::string& svg, const Axis& axis) {
  constexpr int kLine = kHeight - kBottom;
  print(svg, "<line class='axis' x1='%d' y1='%d' x2='%d' y2='%d'/>\n", kLeft, kLine, kWidth - kRight, kLine);
  // At most a dozen labels.
  const int octaves = static_cast<int>(axis.high - axis.low);
  for (int octave = 0; octave <= octaves; octave += octaves / 12 + 1) {
    const double log_ns = axis.low + octave;
    print(svg, "<text x='%.1f' y='%d' text-anchor='middle'>%s</text>\n", axis.x(log_ns), kLine + 18,
          time_text(std::exp2(log_ns)).c_str());
  }
  print(svg, "<text x='%d' y='%d' text-anchor='middle'>latency; requests upwards, both logarithmic</text>\n",
        (kLeft + kWidth - kRight) / 2, kHeight - 10);
}

void draw_marks(std::string& svg, const Distribution& all, const Axis& axis) {
  int row = 0;
  for (const double percent : {50.0, 95.0, 99.0, 99.9, 99.99}) {
    const double x = axis.x_of(all.percentile(percent));
    const int y = kTop - 28 + 13 * (row++ % 3);
    print(svg, "<line class='mark' x1='%.1f' y1='%d' x2='%.1f' y2='%d'/>\n", x, y, x, kHeight - kBottom);
    print(svg, "<text class='note' x='%.1f' y='%d'>p%g %s</text>\n", x + 3, y + 4, percent,
          time_text(static_cast<double>(all.percentile(percent))).c_str());
  }
}

}  // namespace

std::string to_svg(const Report& report) {
  std::string svg;
  print(svg, "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' width='%d' height='%d'>\n", kWidth, kHeight, kWidth,
        kHeight);
  svg += kStyle;
  print(svg, "<text x='%d' y='20'>%s, %u connections, %u outstanding each: %llu requests, %.0f per second</text>\n", kLeft,
        std::string(name_of(report.options->protocol)).c_str(), report.options->connections, report.options->pipeline,
        static_cast<unsigned long long>(report.latency.count()), report.requests_per_second());
  if (report.latency.count() != 0) {
    const Axis axis(report.latency);
    draw_bars(svg, report.latency, axis);
    draw_axis(svg, axis);
    draw_marks(svg, report.latency, axis);
  }
  return svg + "</svg>\n";
}

}  // namespace load
