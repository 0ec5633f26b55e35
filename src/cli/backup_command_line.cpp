// The commands that work on a base directory, as CLI11 knows them.

#include "cli/command_parts.hpp"

namespace hub::cli {

void add_backup(CLI::App& app, Parsing& parsing) {
  auto* command =
      app.add_subcommand("backup", "copy the hub's store into a file, also while it runs");
  auto& backup = parsing.draft<Backup>();
  command->add_option("file", backup.file, "the copy to make; must not exist yet")->required();
  add_base_directory(*command, backup.base_directory, "the hub's folder");
  command->add_flag_callback(
      "--json", [&backup] { backup.output = Output::json; }, "print the report as JSON");
  command->callback([&backup, &parsing] { parsing.chosen = backup; });
  command->footer(
      "The store holds operations, notifications and what is installed. Copy <base-dir>/workspace\n"
      "and <base-dir>/state/token beside it: docs/operators.md.\n"
      "Example:\n  adaos-hub backup /srv/backups/hub-$(date +%F).db");

  auto* restoring =
      app.add_subcommand("restore", "put a backup in the place of the store; the hub must not run");
  auto& restore = parsing.draft<Restore>();
  restoring->add_option("file", restore.file, "a copy that backup made")->required();
  add_base_directory(*restoring, restore.base_directory, "the hub's folder; made when missing");
  restoring->add_flag_callback(
      "--yes", [&restore] { restore.confirmed = Restore::Confirmed::yes; },
      "do not ask when the folder has a store already (it is kept beside the new one)");
  restoring->add_flag_callback(
      "--json", [&restore] { restore.output = Output::json; }, "print the report as JSON");
  restoring->callback([&restore, &parsing] { parsing.chosen = restore; });
  restoring->footer("Example:\n  adaos-hub restore /srv/backups/hub-2026-01-02.db --yes");
}

}  // namespace hub::cli
