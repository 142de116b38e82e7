// INFO.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "kv/commands/command.h"
#include "kv/commands/info_sections.h"
#include "kv/commands/server_commands.h"
#include "kv/protocol/ascii.h"

namespace kv {

namespace {

using protocol::equals_ignoring_case;

class InfoTour final : public Tour {
 public:
  InfoTour(Server& home, std::vector<const InfoSection*> sections) : home_(home), sections_(std::move(sections)) {}

  void visit(Server& there) override { totals_.visit(there); }
  bool needs_keys() const noexcept override { return true; }

  void conclude(Client&, protocol::RespWriter& reply) override {
    std::string text;
    for (const InfoSection* section : sections_) {
      if (!text.empty()) text.append("\r\n");
      text.append("# ").append(section->title).append("\r\n");
      section->write(text, home_, totals_);
    }
    reply.verbatim("txt", text);
  }

 private:
  Server& home_;
  const std::vector<const InfoSection*> sections_;
  ServerTotals totals_;
};

}  // namespace

// Names that mean nothing are passed over.
void info_command(Call& call) {
  std::vector<const InfoSection*> sections;
  const auto wanted = call.arguments.subspan(1);
  const auto is_wanted = [&](const InfoSection& section) {
    if (wanted.empty()) return section.is_default;
    return std::ranges::any_of(wanted, [&](std::string_view name) {
      return equals_ignoring_case(name, section.name) || equals_ignoring_case(name, "all") ||
             equals_ignoring_case(name, "everything") || (equals_ignoring_case(name, "default") && section.is_default);
    });
  };
  for (const InfoSection& section : info_sections()) {
    if (is_wanted(section)) sections.push_back(&section);
  }
  if (sections.empty()) return call.reply.verbatim("txt", "");
  call.client->travel(std::make_unique<InfoTour>(*call.server, std::move(sections)));
}

}  // namespace kv
