#include "cli/command_line.hpp"

#include <cstdlib>

#include "cli/command_parts.hpp"
#include "cli/hub_place.hpp"
#include "cli/text.hpp"
#include "registry/text.hpp"

namespace hub::cli {
namespace {

void add_serve(CLI::App& app, Parsing& parsing) {
  auto* command = app.add_subcommand("serve", "run the hub: the page, the API, the operations");
  auto& serve = parsing.draft<Serve>();
  add_base_directory(*command, serve.base_directory, "where the hub keeps everything");
  command->add_option("--port", serve.port, "port to listen on; 0 takes a free one")
      ->capture_default_str();
  command->add_option("--host", serve.address, "loopback address to listen on")
      ->check(CLI::IsMember({"127.0.0.1", "::1"}))
      ->capture_default_str();
  command->add_option("--allow-host", serve.host_names,
                      "further name under which browsers may ask for this hub (repeat for more)");
  command
      ->add_option("--allow-origin", serve.origins,
                   "origin of a page elsewhere that may use this hub with a token, for example "
                   "http://127.0.0.1:5173 (repeat for more)")
      ->check([](const std::string& origin) {
        const bool good = is_http_origin(origin) && origin.find('*') == std::string::npos;
        return good ? std::string()
                    : "cannot allow origin " + origin + ": want http://HOST:PORT, without a path";
      });
  command->add_option("--registry", serve.registry_url,
                      "registry to install from: a path or any git URL; without it the hub makes "
                      "its own under the base directory, with samples");
  command
      ->add_option("--registry-interval", serve.registry_interval_s,
                   "seconds between two looks at the registry")
      ->check(CLI::Range(1, 86'400))
      ->capture_default_str();
  command->add_option("--name", serve.name, "the hub's name, shown in the page")
      ->capture_default_str();
  command
      ->add_option("--slots", serve.slots,
                   "operations that run at once; 0 accepts operations and runs none")
      ->check(CLI::Range(0, 64))
      ->capture_default_str();
  command
      ->add_option("--operations-max", serve.operations_max,
                   "operations accepted and not ended; more are refused with 503")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  command
      ->add_option("--operations-per-initiator-max", serve.operations_per_initiator_max,
                   "the same, of one initiator; more are refused with 429")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  command->callback([&serve, &parsing] { parsing.chosen = serve; });
  command->footer(
      "Example:\n  adaos-hub serve --port 8777 --registry https://git.example/adaos-registry.git");
}

void add_push(CLI::App& group, ArtifactKind kind, Parsing& parsing) {
  const std::string noun = to_text(kind);
  auto* command = group.add_subcommand("push", "publish a " + noun + " in a registry");
  auto& push = parsing.draft<Push>();
  push.kind = kind;
  command
      ->add_option("directory", push.source,
                   "the " + noun + ": a directory with " + manifest_file_of(kind))
      ->required();
  command
      ->add_option("--registry", push.registry_url,
                   "where to publish: a path or a file, http(s), ssh or git URL")
      ->envname("ADAOS_REGISTRY")
      ->required();
  command->add_option("-m,--message", push.message, "subject of the commit");
  command
      ->add_option_function<std::string>(
          "--bump",
          [&push](const std::string& size) {
            boost::describe::enum_from_string(size.c_str(), push.bump);
          },
          "publish the next version, and write it into the manifest once it is published")
      ->check(CLI::IsMember({"patch", "minor", "major"}));
  command
      ->add_option("--publisher", push.publisher,
                   "your name as the catalogue shows it; left out: as it was")
      ->envname("ADAOS_PUBLISHER");
  command->add_flag_callback(
      "--dry-run", [&push] { push.dry_run = DryRun::yes; },
      "check everything and show the catalogue entry, publish nothing");
  command->add_flag_callback(
      "--json", [&push] { push.output = Output::json; }, "print the report as JSON");
  command->callback([&push, &parsing] { parsing.chosen = push; });
  command->footer("Example:\n  adaos-hub " + noun + " push ./my_" + noun +
                  " --registry ssh://git@git.example/adaos-registry.git\n  adaos-hub " + noun +
                  " push ./my_" + noun + " --bump patch -m \"what is new\"");
}

void add_artifacts(CLI::App& app, ArtifactKind kind, Parsing& parsing) {
  const std::string noun = to_text(kind);
  auto* group = app.add_subcommand(noun, "install, uninstall or publish a " + noun);
  group->require_subcommand(1);
  add_artifact_verbs(*group, kind, parsing);
  add_push(*group, kind, parsing);
  if (kind == ArtifactKind::skill) add_tool_call(*group, parsing);
}

void add_registry(CLI::App& app, Parsing& parsing) {
  auto* group = app.add_subcommand(
      "registry", "make, mend, check or compare a registry; look at the hub's own again");
  group->require_subcommand(1);
  auto* command =
      group->add_subcommand("init", "make a new, empty registry: a bare git repository");
  auto& init = parsing.draft<RegistryInit>();
  command->add_option("directory", init.directory, "where; must not exist or be empty")->required();
  command->callback([&init, &parsing] { parsing.chosen = init; });
  command->footer("Example:\n  adaos-hub registry init /srv/adaos-registry.git");
  add_registry_checks(*group, parsing);
  add_registry_refresh(*group, parsing);
}

// What is wrong with the command line, and where the help for it is.
std::string usage_message(const CLI::App* app, const CLI::Error& error) {
  const CLI::App* command = app;
  std::string path = app->get_name();
  for (auto inner = command->get_subcommands(); !inner.empty();
       inner = command->get_subcommands()) {
    command = inner.front();
    path += " " + command->get_name();
  }
  const auto words = command->remaining();
  const bool wants_command = command->get_require_subcommand_min() > 0;
  std::string message = "adaos-hub: ";
  if (!wants_command) {
    message += error.what();
  } else if (words.empty()) {
    message += "cannot tell what to do: " + path + " wants a command";
  } else {
    message += "cannot do " + printable(words.front()) + ": " + path + " has no such command";
  }
  std::vector<std::string> names;
  for (const auto* known : command->get_subcommands({})) names.push_back(known->get_name());
  if (wants_command && !words.empty()) {
    const auto near = registry::nearest_names(words.front(), names, 1);
    if (!near.empty()) message += "\n  did you mean: " + path + " " + near.front();
  }
  return message + "\n  what to do: " + path + " --help says how it is used\n";
}

}  // namespace

std::filesystem::path default_base_directory() {
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home ? home : ".") / ".adaos";
}

void add_base_directory(CLI::App& command, std::filesystem::path& into, const std::string& what) {
  into = default_base_directory();
  command.add_option("--base-dir", into, what)->envname("ADAOS_BASE_DIR")->capture_default_str();
}

Command parse(int argc, const char* const* argv, const std::string& version) {
  CLI::App app{"adaos-hub: registry, marketplace and operations of an AdaOS hub", "adaos-hub"};
  app.set_version_flag("--version", "adaos-hub " + version);
  app.require_subcommand(1);
  app.footer(
      "adaos-hub COMMAND --help says more about a command.\n"
      "Exit codes: 0 done; 1 failed; 2 wrong command line; 3 the hub cannot be reached;\n"
      "4 the operation failed; 5 the operation was cancelled; 130 left by Ctrl-C.");
  app.failure_message(usage_message);
  Parsing parsing;
  parsing.version = version;
  add_serve(app, parsing);
  add_artifacts(app, ArtifactKind::skill, parsing);
  add_artifacts(app, ArtifactKind::scenario, parsing);
  add_update(app, parsing);
  add_marketplace(app, parsing);
  add_model(app, parsing);
  add_registry(app, parsing);
  add_operations(app, parsing);
  add_doctor(app, parsing);
  add_migrate(app, parsing);
  add_backup(app, parsing);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return Exit{app.exit(error) == 0 ? exit_done : exit_usage};
  }
  return parsing.chosen.value_or(Exit{exit_usage});
}

}  // namespace hub::cli
