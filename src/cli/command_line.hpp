#pragma once
// The command line: what the user asked for, as values. CLI11 stays in one file.

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "contracts/artifact.hpp"

namespace hub::cli {

struct Serve {
  std::filesystem::path base_directory;  // --base-dir, ADAOS_BASE_DIR, ~/.adaos
  std::string address = "127.0.0.1";
  std::uint16_t port = 8777;  // 0: a free one
  std::string registry_url;   // empty: the hub's own registry under the base directory
  std::string name = "AdaOS hub";
  std::vector<std::string> host_names;  // further names under which browsers may ask for this hub
  int registry_interval_s = 30;         // how often the registry is asked
};

enum class Output { text, json };
enum class DryRun { no, yes };

struct Push {
  ArtifactKind kind = ArtifactKind::skill;
  std::filesystem::path source;
  std::string registry_url;
  std::string message;
  DryRun dry_run = DryRun::no;
  Output output = Output::text;
};

struct RegistryInit {
  std::filesystem::path directory;
};

// Nothing to do but to end: help or version was printed, or the arguments were wrong.
struct Exit {
  int code = 0;
};

// Exit codes of the program.
inline constexpr int exit_failed = 1;  // the command was understood and could not be done
inline constexpr int exit_usage = 2;   // the command line was wrong

using Command = std::variant<Serve, Push, RegistryInit, Exit>;

Command parse(int argc, const char* const* argv, const std::string& version);

}  // namespace hub::cli
