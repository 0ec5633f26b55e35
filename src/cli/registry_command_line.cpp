// The commands that mend, check and compare a registry, as CLI11 knows them.

#include "cli/command_parts.hpp"

namespace hub::cli {
namespace {

template <class Wanted>
void add_registry_and_json(CLI::App& command, Wanted& wanted) {
  command
      .add_option("--registry", wanted.registry_url,
                  "the registry: a path or a file, http(s), ssh or git URL")
      ->envname("ADAOS_REGISTRY")
      ->required();
  command.add_flag_callback(
      "--json", [&wanted] { wanted.output = Output::json; }, "print the report as JSON");
}

template <class Wanted>
void add_commit(CLI::App& command, Wanted& wanted) {
  command
      .add_option("--commit", wanted.revision,
                  "which commit: its first digits, main, or main~1 for the one before")
      ->capture_default_str();
}

void add_rebuild(CLI::App& group, Parsing& parsing) {
  auto* command = group.add_subcommand(
      "rebuild", "make registry.json again from the files and the history, and publish it");
  auto& rebuild = parsing.draft<RegistryRebuild>();
  add_registry_and_json(*command, rebuild);
  add_commit(*command, rebuild);
  auto* check = command->add_flag_callback(
      "--check", [&rebuild] { rebuild.check = RegistryRebuild::Check::yes; },
      "change nothing: only say whether registry.json is what the files give");
  command->add_option("--output", rebuild.file, "write it into this file instead of publishing it")
      ->excludes(check);
  command->callback([&rebuild, &parsing] {
    if (rebuild.revision != "main" && rebuild.check == RegistryRebuild::Check::no &&
        rebuild.file.empty()) {
      throw CLI::ValidationError("--commit",
                                 "an older commit can be checked or written to a file, not "
                                 "published: add --check or --output");
    }
    parsing.chosen = rebuild;
  });
  command->footer(
      "What manifests do not say (publisher, channels, keys of others) is kept. The time of an\n"
      "entry is its manifest's, or that of the commit that published it.\n"
      "Exit code: 0 when registry.json is right or was mended, 1 when --check finds a difference.\n"
      "Examples:\n"
      "  adaos-hub registry rebuild --check --registry /srv/adaos-registry.git\n"
      "  adaos-hub registry rebuild --output registry.json --registry .\n"
      "  adaos-hub registry rebuild --registry ssh://git@git.example/adaos-registry.git");
}

void add_verify(CLI::App& group, Parsing& parsing) {
  auto* command = group.add_subcommand(
      "verify", "hold every published file against the digests of the entries");
  auto& verify = parsing.draft<RegistryVerify>();
  add_registry_and_json(*command, verify);
  add_commit(*command, verify);
  command->callback([&verify, &parsing] { parsing.chosen = verify; });
  command->footer(
      "Exit code: 0 when all files are those of their entries, 1 when something is wrong. An "
      "entry\n"
      "without a digest (of an older publisher) is named and does no harm to the exit code.\n"
      "Examples:\n"
      "  adaos-hub registry verify --registry https://git.example/adaos-registry.git\n"
      "  adaos-hub registry verify --commit main~1 --json --registry /srv/adaos-registry.git");
}

void add_diff(CLI::App& group, Parsing& parsing) {
  auto* command = group.add_subcommand(
      "diff", "what is new, updated or removed between two commits, and what it now asks for");
  auto& diff = parsing.draft<RegistryDiff>();
  command->add_option("A", diff.from, "the earlier commit: its first digits, main, main~1")
      ->required();
  command->add_option("B", diff.to, "the later commit")->required();
  add_registry_and_json(*command, diff);
  command->callback([&diff, &parsing] { parsing.chosen = diff; });
  command->footer(
      "Exit code: 0, whether something changed or not.\n"
      "Examples:\n"
      "  adaos-hub registry diff main~1 main --registry /srv/adaos-registry.git\n"
      "  adaos-hub registry diff 1a2b3c4d main --json --registry "
      "https://git.example/adaos-registry.git");
}

}  // namespace

void add_registry_checks(CLI::App& group, Parsing& parsing) {
  add_rebuild(group, parsing);
  add_verify(group, parsing);
  add_diff(group, parsing);
}

}  // namespace hub::cli
