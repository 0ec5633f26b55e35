// `migrate`, as CLI11 knows it.

#include "cli/command_parts.hpp"

namespace hub::cli {

void add_migrate(CLI::App& app, Parsing& parsing) {
  auto* command = app.add_subcommand(
      "migrate", "take over an AdaOS workspace: its skills and scenarios with their data");
  auto& start = add_start(*command, "migration.run", parsing);
  start.request.target_kind = "workspace";
  start.request.target_id = "adaos";
  command
      ->add_option_function<std::string>(
          "directory",
          [&start](const std::string& given) {
            const auto path = std::filesystem::absolute(given).lexically_normal();
            start.request.params["source"] = path.string();
          },
          "AdaOS's base directory on the hub's machine, usually ~/.adaos; the hub's own is fine")
      ->required();
  command->add_flag_callback(
      "--dry-run", [&start] { start.mode = StartOperation::Mode::plan; },
      "show what would be taken over, and start nothing");
  command->callback([&start, &parsing] { parsing.chosen = Migrate{start}; });
  command->footer(
      "The workspace is only read, so AdaOS can go back to it; stop AdaOS first.\n"
      "What was killed meanwhile goes on with the hub's next start; operations undo takes it "
      "back.\n"
      "Examples:\n  adaos-hub migrate ~/.adaos --dry-run\n  adaos-hub migrate ~/.adaos");
}

}  // namespace hub::cli
