// LCS: the longest common subsequence of two values. Source of the table: Wagner and Fischer, 1974; of the order of matches: Redis 7.0.
#include <algorithm>
#include <vector>

#include "kv/commands/arguments.h"
#include "kv/commands/command.h"
#include "kv/commands/handlers.h"

namespace kv {

namespace {

// Redis's own limit: a table of 512 MiB. It is filled at once, on the core, which serves nobody else meanwhile.
constexpr std::uint64_t kCellsMax = kValueBytesMax / sizeof(std::uint32_t);

struct LcsOptions {
  bool length = false;
  bool indexes = false;
  bool match_lengths = false;
  std::int64_t match_length_min = 0;
};

// The lengths for all beginnings of both.
class LcsTable {
 public:
  LcsTable(std::string_view a, std::string_view b) : width_(b.size() + 1), cells_((a.size() + 1) * width_) {
    for (std::size_t i = 1; i <= a.size(); ++i) {
      for (std::size_t j = 1; j <= b.size(); ++j) {
        cell(i, j) = a[i - 1] == b[j - 1] ? at(i - 1, j - 1) + 1 : std::max(at(i - 1, j), at(i, j - 1));
      }
    }
  }
  std::uint32_t at(std::size_t i, std::size_t j) const noexcept { return cells_[i * width_ + j]; }

 private:
  std::uint32_t& cell(std::size_t i, std::size_t j) noexcept { return cells_[i * width_ + j]; }

  std::size_t width_;
  std::vector<std::uint32_t> cells_;
};

struct Match {
  std::size_t a_first;
  std::size_t a_last;
  std::size_t b_first;
  std::size_t b_last;
  std::size_t length() const noexcept { return a_last - a_first + 1; }
};

struct Walk {
  std::string text;
  std::vector<Match> matches;
};

// From the ends to the beginnings. A match that follows none directly closes the one before, as in Redis.
Walk walk_back(std::string_view a, std::string_view b, const LcsTable& table) {
  Walk walk;
  walk.text.resize(table.at(a.size(), b.size()));
  std::size_t place = walk.text.size();
  std::size_t i = a.size();
  std::size_t j = b.size();
  bool is_open = false;
  Match match{};
  while (i > 0 && j > 0) {
    bool ends = false;
    if (a[i - 1] == b[j - 1]) {
      walk.text[--place] = a[i - 1];
      if (!is_open) {
        match = {i - 1, i - 1, j - 1, j - 1};
        is_open = true;
      } else if (match.a_first == i && match.b_first == j) {
        --match.a_first;
        --match.b_first;
      } else {
        ends = true;
      }
      ends = ends || match.a_first == 0 || match.b_first == 0;
      --i;
      --j;
    } else {
      --(table.at(i - 1, j) > table.at(i, j - 1) ? i : j);
      ends = is_open;
    }
    if (ends) {
      walk.matches.push_back(match);
      is_open = false;
    }
  }
  return walk;
}

bool read_options(Call& call, LcsOptions& options) {
  for (std::size_t index = 3; index < call.arguments.size(); ++index) {
    const std::string_view argument = call.arguments[index];
    if (is_option(argument, "idx")) {
      options.indexes = true;
    } else if (is_option(argument, "len")) {
      options.length = true;
    } else if (is_option(argument, "withmatchlen")) {
      options.match_lengths = true;
    } else if (is_option(argument, "minmatchlen") && index + 1 < call.arguments.size()) {
      const auto length = read_integer(call, call.arguments[++index]);
      if (!length) return false;
      options.match_length_min = std::max<std::int64_t>(*length, 0);
    } else {
      call.reply.error(errors::kSyntax);
      return false;
    }
  }
  if (options.indexes && options.length) {
    call.reply.error(errors::kLcsOptions);
    return false;
  }
  return true;
}

void reply_range(Call& call, std::size_t first, std::size_t last) {
  call.reply.array(2);
  call.reply.integer(static_cast<std::int64_t>(first));
  call.reply.integer(static_cast<std::int64_t>(last));
}

void reply_matches(Call& call, const LcsOptions& options, std::vector<Match> matches, std::uint32_t length) {
  std::erase_if(matches, [&](const Match& match) { return static_cast<std::int64_t>(match.length()) < options.match_length_min; });
  call.reply.map(2);
  call.reply.bulk("matches");
  call.reply.array(matches.size());
  for (const Match& match : matches) {
    call.reply.array(options.match_lengths ? 3 : 2);
    reply_range(call, match.a_first, match.a_last);
    reply_range(call, match.b_first, match.b_last);
    if (options.match_lengths) call.reply.integer(static_cast<std::int64_t>(match.length()));
  }
  call.reply.bulk("len");
  call.reply.integer(length);
}

}  // namespace

void lcs_command(Call& call) {
  const Entry first = call.data.find(call.arguments[1]);
  const Entry second = call.data.find(call.arguments[2]);
  const std::string_view a = first ? first.value() : std::string_view();
  const std::string_view b = second ? second.value() : std::string_view();
  LcsOptions options;
  if (!read_options(call, options)) return;
  if ((a.size() + 1) * (b.size() + 1) > kCellsMax) return call.reply.error(errors::kLcsMemory);
  const LcsTable table(a, b);
  const std::uint32_t length = table.at(a.size(), b.size());
  if (options.length) return call.reply.integer(length);
  Walk walk = walk_back(a, b, table);
  if (!options.indexes) return call.reply.bulk(walk.text);
  reply_matches(call, options, std::move(walk.matches), length);
}

}  // namespace kv
