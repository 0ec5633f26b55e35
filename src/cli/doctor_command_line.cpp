// `doctor`, as CLI11 knows it.

#include "cli/command_parts.hpp"

namespace hub::cli {

void add_doctor(CLI::App& app, Parsing& parsing) {
  auto* command = app.add_subcommand(
      "doctor", "look for what is not as it should be with the hub, and say how to mend it");
  auto& doctor = parsing.draft<Doctor>();
  command->add_flag_callback(
      "--deep", [&doctor] { doctor.depth = Doctor::Depth::deep; },
      "read every byte of the models, too");
  add_hub_options(*command, doctor.hub, parsing);
  command->callback([&doctor, &parsing] { parsing.chosen = doctor; });
  command->footer(
      "Asks the running hub; when none runs, looks at the files of its folder and changes "
      "nothing.\n"
      "Exit code: 0 no problem was found, 1 there is one.\n"
      "Example:\n  adaos-hub doctor");
}

}  // namespace hub::cli
