#pragma once
// The parts of the command line that parse() puts together. Each file of them describes some
// commands to CLI11.

#include <deque>

#include <CLI/CLI.hpp>

#include "cli/command_line.hpp"

namespace hub::cli {

// What is being read from one command line. Options write into the values here, so they stay where
// they are.
struct Parsing {
  std::string version;
  std::optional<Command> chosen;
  std::deque<Command> drafts;
  std::deque<std::vector<std::string>> lists;  // repeated options, before they are understood

  template <class T>
  T& draft() {
    return std::get<T>(drafts.emplace_back(T{}));
  }
};

std::filesystem::path default_base_directory();
// --base-dir.
void add_base_directory(CLI::App& command, std::filesystem::path& into, const std::string& what);
// --url, --token-file, --base-dir, --json.
void add_hub_options(CLI::App& command, HubOptions& into, Parsing&);

// A command that starts an operation of one kind, watches it, or shows its plan.
StartOperation& add_start(CLI::App& command, const std::string& kind, Parsing&);

// `operations …`.
void add_operations(CLI::App& app, Parsing&);
// `install`, `uninstall` below `skill` or `scenario`; `update`; `refresh` below `registry`.
void add_artifact_verbs(CLI::App& group, ArtifactKind, Parsing&);
void add_update(CLI::App& app, Parsing&);
void add_registry_refresh(CLI::App& group, Parsing&);
// `marketplace [QUERY]`, `marketplace show NAME`.
void add_marketplace(CLI::App& app, Parsing&);
// `rebuild`, `verify`, `diff` below `registry`.
void add_registry_checks(CLI::App& group, Parsing&);
// `doctor`.
void add_doctor(CLI::App& app, Parsing&);
// `call` below `skill`.
void add_tool_call(CLI::App& group, Parsing&);
// `model …`.
void add_model(CLI::App& app, Parsing&);
// `migrate`.
void add_migrate(CLI::App& app, Parsing&);
// `backup`, `restore`.
void add_backup(CLI::App& app, Parsing&);

}  // namespace hub::cli
