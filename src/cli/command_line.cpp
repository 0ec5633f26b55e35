#include "cli/command_line.hpp"

#include <cstdlib>
#include <optional>

#include <CLI/CLI.hpp>

namespace hub::cli {
namespace {

std::filesystem::path default_base_directory() {
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home ? home : ".") / ".adaos";
}

void add_serve(CLI::App& app, Serve& serve, std::optional<Command>& chosen) {
  auto* command = app.add_subcommand("serve", "run the hub: the page, the API, the operations");
  serve.base_directory = default_base_directory();
  command->add_option("--base-dir", serve.base_directory, "where the hub keeps everything")
      ->envname("ADAOS_BASE_DIR")
      ->capture_default_str();
  command->add_option("--port", serve.port, "port to listen on; 0 takes a free one")
      ->capture_default_str();
  command->add_option("--host", serve.address, "loopback address to listen on")
      ->check(CLI::IsMember({"127.0.0.1", "::1"}))
      ->capture_default_str();
  command->add_option("--allow-host", serve.host_names,
                      "further name under which browsers may ask for this hub (repeat for more)");
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
  command->callback([&serve, &chosen] { chosen = serve; });
  command->footer(
      "Example:\n  adaos-hub serve --port 8777 --registry https://git.example/adaos-registry.git");
}

void add_push(CLI::App& app, ArtifactKind kind, Push& push, std::optional<Command>& chosen) {
  const std::string noun = to_text(kind);
  auto* group = app.add_subcommand(noun, "work with a " + noun);
  group->require_subcommand(1);
  auto* command = group->add_subcommand("push", "publish a " + noun + " in a registry");
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
  command->add_flag_callback(
      "--dry-run", [&push] { push.dry_run = DryRun::yes; },
      "check everything and show the catalogue entry, publish nothing");
  command->add_flag_callback(
      "--json", [&push] { push.output = Output::json; }, "print the report as JSON");
  command->callback([&push, &chosen] { chosen = push; });
  command->footer("Example:\n  adaos-hub " + noun + " push ./my_" + noun +
                  " --registry ssh://git@git.example/adaos-registry.git");
}

void add_registry(CLI::App& app, RegistryInit& init, std::optional<Command>& chosen) {
  auto* group = app.add_subcommand("registry", "work with a registry");
  group->require_subcommand(1);
  auto* command =
      group->add_subcommand("init", "make a new, empty registry: a bare git repository");
  command->add_option("directory", init.directory, "where; must not exist or be empty")->required();
  command->callback([&init, &chosen] { chosen = init; });
  command->footer("Example:\n  adaos-hub registry init /srv/adaos-registry.git");
}

}  // namespace

Command parse(int argc, const char* const* argv, const std::string& version) {
  CLI::App app{"adaos-hub: registry, marketplace and operations of an AdaOS hub", "adaos-hub"};
  app.set_version_flag("--version", "adaos-hub " + version);
  app.require_subcommand(1);
  app.footer("adaos-hub COMMAND --help says more about a command.");
  std::optional<Command> chosen;
  Serve serve;
  Push skill, scenario;
  RegistryInit init;
  add_serve(app, serve, chosen);
  add_push(app, ArtifactKind::skill, skill, chosen);
  add_push(app, ArtifactKind::scenario, scenario, chosen);
  add_registry(app, init, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return Exit{app.exit(error) == 0 ? 0 : exit_usage};
  }
  return chosen.value_or(Exit{exit_usage});
}

}  // namespace hub::cli
