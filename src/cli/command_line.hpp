#pragma once
// The command line: what the user asked for, as values. CLI11 stays behind it.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <boost/json.hpp>

#include "contracts/artifact.hpp"
#include "contracts/operation_request.hpp"
#include "registry/version_bump.hpp"

namespace hub::cli {

struct Serve {
  std::filesystem::path base_directory;  // --base-dir, ADAOS_BASE_DIR, ~/.adaos
  std::string address = "127.0.0.1";
  std::uint16_t port = 8777;  // 0: a free one
  std::string registry_url;   // empty: the hub's own registry under the base directory
  std::string name = "AdaOS hub";
  std::vector<std::string> host_names;   // further names under which browsers may ask for this hub
  std::vector<std::string> origins;      // of pages elsewhere that may use this hub
  int registry_interval_s = 30;          // how often the registry is asked
  std::size_t slots = 4;                 // operations that run at once; 0: accept, run nothing
  std::int64_t operations_max = 10'000;  // accepted and not ended
  std::int64_t operations_per_initiator_max = 5'000;  // the same, of one initiator
};

enum class Output { text, json };
enum class DryRun { no, yes };

struct Push {
  ArtifactKind kind = ArtifactKind::skill;
  std::filesystem::path source;
  std::string registry_url;
  std::string message;
  std::string publisher;  // --publisher, ADAOS_PUBLISHER
  registry::Bump bump = registry::Bump::none;
  DryRun dry_run = DryRun::no;
  Output output = Output::text;
};

struct RegistryInit {
  std::filesystem::path directory;
};

// registry.json made again from the files; published, unless it is only to be looked at.
struct RegistryRebuild {
  enum class Check { no, yes };
  std::string registry_url;
  std::string revision = "main";
  Check check = Check::no;
  std::filesystem::path file;  // --output: write it there, publish nothing
  Output output = Output::text;
};

struct RegistryVerify {
  std::string registry_url;
  std::string revision = "main";
  Output output = Output::text;
};

struct RegistryDiff {
  std::string registry_url;
  std::string from, to;
  Output output = Output::text;
};

// ---- commands that ask a running hub

// What every one of them takes. How it leads to a hub: hub_place.hpp.
struct HubOptions {
  std::string url;                       // --url, ADAOS_HUB_URL; empty: as the base directory says
  std::filesystem::path token_file;      // --token-file
  std::filesystem::path base_directory;  // --base-dir, ADAOS_BASE_DIR, ~/.adaos
  Output output = Output::text;          // --json
  std::string own_version;               // of this program
};

enum class Wait { yes, no };

// How to watch an operation.
struct WatchOptions {
  Wait wait = Wait::yes;  // no: --no-wait
  int reconnect_s = 60;   // how long a hub that went away is waited for
};

struct ListOperations {
  HubOptions hub;
  std::string kind, status, target_kind, target_id;
  int limit = 20;
};

struct ShowOperation {
  HubOptions hub;
  std::string id;  // as a person gives it: operation_ids.hpp
};

struct WatchOperations {
  HubOptions hub;
  std::string id;  // empty: all that are active
  WatchOptions watch;
};

enum class SteerVerb { cancel, retry, undo, confirm };

struct SteerOperation {
  HubOptions hub;
  SteerVerb verb = SteerVerb::cancel;
  std::string id;
  std::string answer;  // of confirm
  WatchOptions watch;
};

struct LogOperation {
  enum class Follow { no, yes };
  HubOptions hub;
  std::string id;
  Follow follow = Follow::no;
  int reconnect_s = 60;
};

struct StartOperation {
  enum class Mode { start, plan };
  HubOptions hub;
  OperationRequest request;
  int deadline_s = 0;  // from now; 0: as the kind has it
  Mode mode = Mode::start;
  WatchOptions watch;
};

struct SearchMarketplace {
  HubOptions hub;
  std::string question;
  std::string kind, publisher, sort;  // empty: any, and the hub's own order
  std::vector<std::string> tags;
  enum class Installed { hide, show } installed = Installed::hide;
  int limit = 40;
};

struct ShowPublished {
  HubOptions hub;
  std::string name;      // or id
  std::string kind;      // empty: a skill of that name, else a scenario
  std::string language;  // of the README
};

// What is not as it should be with a hub, asked or looked at by its files.
struct Doctor {
  enum class Depth { usual, deep } depth = Depth::usual;
  HubOptions hub;
};

// A tool of an installed skill, called.
struct CallTool {
  HubOptions hub;
  std::string skill, tool;
  boost::json::object arguments;
  double timeout_s = 30;
};

struct ListModels {
  HubOptions hub;
};

// An AdaOS workspace, taken over: `start` is a migration.run.
struct Migrate {
  StartOperation start;
};

// ---- commands that work on a base directory

struct Backup {
  std::filesystem::path base_directory;
  std::filesystem::path file;
  Output output = Output::text;
};

struct Restore {
  enum class Confirmed { no, yes };
  std::filesystem::path base_directory;
  std::filesystem::path file;
  Confirmed confirmed = Confirmed::no;
  Output output = Output::text;
};

// Nothing to do but to end: help or version was printed, or the arguments were wrong.
struct Exit {
  int code = 0;
};

// Exit codes of the program.
inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1;       // the command was understood and could not be done
inline constexpr int exit_usage = 2;        // the command line was wrong
inline constexpr int exit_unreachable = 3;  // the hub does not answer, or does not let us in
inline constexpr int exit_operation_failed = 4;
inline constexpr int exit_operation_cancelled = 5;
inline constexpr int exit_left = 130;  // Ctrl-C while watching: the operation goes on

using Command =
    std::variant<Serve, Push, RegistryInit, RegistryRebuild, RegistryVerify, RegistryDiff,
                 ListOperations, ShowOperation, WatchOperations, SteerOperation, LogOperation,
                 StartOperation, SearchMarketplace, ShowPublished, CallTool, ListModels, Migrate,
                 Doctor, Backup, Restore, Exit>;

Command parse(int argc, const char* const* argv, const std::string& version);

}  // namespace hub::cli
