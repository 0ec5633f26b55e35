#include "cli/marketplace_commands.hpp"

#include "cli/hub_client.hpp"
#include "cli/marketplace_view.hpp"
#include "cli/report.hpp"
#include "cli/terminal.hpp"

namespace hub::cli {
namespace {

// As wide as the screen; in a pipe as wide as it comes.
View view_of(const Console& console, const Clock& clock) {
  View view;
  view.now = clock.now();
  view.glyphs = console.glyphs;
  if (console.redraws) view.columns = screen_size().columns;
  return view;
}

using Renderer = Lines (*)(const boost::json::object&, const View&);

int print(const Result<boost::json::object>& answer, Output output, const Clock& clock,
          Renderer renderer) {
  if (!answer) return report(answer.error(), output);
  if (output == Output::json) {
    write_out(boost::json::serialize(*answer) + "\n");
    return exit_done;
  }
  const auto console = find_console();
  write_out(text_of(renderer(*answer, view_of(console, clock)), console.colours));
  return exit_done;
}

Result<boost::json::object> search(const SearchMarketplace& wanted) {
  HUB_TRY(hub, HubClient::open(wanted.hub));
  std::vector<std::pair<std::string, std::string>> query{{"limit", std::to_string(wanted.limit)}};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) query.emplace_back(name, value);
  };
  add("q", wanted.question);
  add("kind", wanted.kind);
  add("publisher", wanted.publisher);
  add("sort", wanted.sort);
  for (const auto& tag : wanted.tags) add("tag", tag);
  if (wanted.installed == SearchMarketplace::Installed::show) add("installed", "show");
  return hub->marketplace(query);
}

// Skills and scenarios have names of their own: without a kind the skill is meant, else the
// scenario.
Result<boost::json::object> find(const ShowPublished& wanted) {
  HUB_TRY(hub, HubClient::open(wanted.hub));
  if (!wanted.kind.empty()) return hub->published(wanted.kind, wanted.name, wanted.language);
  auto skill = hub->published("skill", wanted.name, wanted.language);
  if (skill || skill.error().reason != "unknown_skill") return skill;
  auto scenario = hub->published("scenario", wanted.name, wanted.language);
  if (scenario || scenario.error().reason != "unknown_scenario") return scenario;
  Error error = skill.error();
  error.message = "cannot find \"" + wanted.name +
                  "\": the registry publishes no skill and no "
                  "scenario of that name";
  return tl::unexpected(std::move(error));
}

}  // namespace

int run(const SearchMarketplace& wanted, const Clock& clock) {
  return print(search(wanted), wanted.hub.output, clock, marketplace_table);
}

int run(const ShowPublished& wanted, const Clock& clock) {
  return print(find(wanted), wanted.hub.output, clock, marketplace_details);
}

}  // namespace hub::cli
