// `skill call`, as CLI11 knows it.

#include "base/files.hpp"
#include "cli/command_parts.hpp"

namespace hub::cli {
namespace {

constexpr std::size_t arguments_bytes_max = std::size_t{4} << 20U;
constexpr double timeout_s_max = 300;

// JSON, or @FILE that holds it.
boost::json::object arguments_of(std::string text) {
  if (text.starts_with('@')) {
    const auto read = read_file(text.substr(1), arguments_bytes_max);
    if (!read) throw CLI::ValidationError("--args", read.error().message);
    text = *read;
  }
  boost::system::error_code ec;
  auto value = boost::json::parse(text, ec);
  if (ec || !value.is_object()) {
    throw CLI::ValidationError("--args", R"(want a JSON object, such as {"limit": 5}, or @FILE)");
  }
  return std::move(value.get_object());
}

}  // namespace

void add_tool_call(CLI::App& group, Parsing& parsing) {
  auto* command = group.add_subcommand("call", "call a tool of an installed skill");
  auto& call = parsing.draft<CallTool>();
  const auto text = std::make_shared<std::string>("{}");
  command->add_option("skill", call.skill, "the skill's name or id")->required();
  command->add_option("tool", call.tool, "the tool's name")->required();
  command->add_option("--args", *text, "its arguments: a JSON object, or @FILE that holds one")
      ->type_name("JSON|@FILE");
  command->add_option("--timeout", call.timeout_s, "seconds that it may take")
      ->check(CLI::Range(0.001, timeout_s_max))
      ->capture_default_str();
  add_hub_options(*command, call.hub, parsing);
  command->callback([text, &call, &parsing] {
    call.arguments = arguments_of(*text);
    parsing.chosen = call;
  });
  command->footer(
      "It runs in a process of its own that sees the skill's files and nothing else of yours, and\n"
      "has no network unless the skill asks for it.\n"
      "Examples:\n  adaos-hub skill call notes_skill list_notes\n"
      "  adaos-hub skill call notes_skill add_note --args '{\"text\": \"milk\"}'");
}

}  // namespace hub::cli
