// `marketplace`, as CLI11 knows it.

#include "cli/command_parts.hpp"

namespace hub::cli {
namespace {

constexpr int limit_max = 1000;

void add_kind(CLI::App& command, std::string& kind, const std::string& help) {
  command.add_option("--kind", kind, help)->check(CLI::IsMember({"skill", "scenario"}));
}

void add_show(CLI::App& group, Parsing& parsing) {
  auto* command = group.add_subcommand(
      "show", "show all about one: README, versions, what it needs, who needs it");
  auto& show = parsing.draft<ShowPublished>();
  command->add_option("name", show.name, "its name or id")->required();
  add_kind(*command, show.kind, "when a skill and a scenario have the same name");
  command->add_option("--lang", show.language, "language of the README, for example ru");
  add_hub_options(*command, show.hub, parsing);
  command->callback([&show, &parsing] { parsing.chosen = show; });
  command->footer("Example:\n  adaos-hub marketplace show weather_skill --lang ru");
}

}  // namespace

void add_marketplace(CLI::App& app, Parsing& parsing) {
  auto* command = app.add_subcommand("marketplace", "look for skills and scenarios to install");
  auto& search = parsing.draft<SearchMarketplace>();
  command->add_option("query", search.question,
                      "words, or beginnings of words; left out: everything that is not installed");
  add_kind(*command, search.kind, "only skills, or only scenarios");
  command->add_option("--tag", search.tags, "only what has this tag (repeat for more)");
  command->add_option("--publisher", search.publisher, "only what this publisher owns");
  command->add_option("--sort", search.sort, "how to sort; without it by relevance")
      ->check(CLI::IsMember({"relevance", "name", "updated", "size"}));
  command->add_flag_callback(
      "--installed", [&search] { search.installed = SearchMarketplace::Installed::show; },
      "show what is installed, too");
  command->add_option("--limit", search.limit, "at most so many")
      ->check(CLI::Range(1, limit_max))
      ->capture_default_str();
  add_hub_options(*command, search.hub, parsing);
  command->require_subcommand(0, 1);
  add_show(*command, parsing);
  command->callback([command, &search, &parsing] {
    if (command->get_subcommands().empty()) parsing.chosen = search;
  });
  command->footer(
      "To look for the word show: adaos-hub marketplace -- show\n"
      "Examples:\n  adaos-hub marketplace weather\n"
      "  adaos-hub marketplace --kind scenario --sort updated\n"
      "  adaos-hub marketplace show weather_skill");
}

}  // namespace hub::cli
