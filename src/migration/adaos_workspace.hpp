#pragma once
// An AdaOS workspace, looked at: which skills and scenarios it has, with their versions, slots,
// packages and data. Reads only, follows no link, executes nothing.
//
//   <root>/workspace/{skills,scenarios}/<name>/     installed source
//   <root>/workspace/skills/.runtime/<name>/…       what AdaOS runs (adaos_runtime.hpp)
//   <root>/workspace/registry.json                  the catalogue it fetched last
//   <root>/state/…                                  SQLite registries, operations.json
//
// (AdaOS: adapters/fs/path_provider.py.) Blocking; any thread.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "contracts/artifact.hpp"
#include "migration/adaos_history.hpp"

namespace hub::migration {

inline constexpr std::size_t artifacts_max = 2'000;

// One that could be run here. Paths are below the root; empty: it has none.
struct FoundArtifact {
  ArtifactKind kind = ArtifactKind::skill;
  std::string name;  // its directory
  std::string id, title, version;
  boost::json::object title_i18n;
  std::string tree;  // "sha256:…" of its files
  std::vector<std::string> requires_skills;
  std::optional<std::string> pin;
  std::string slot;  // active in AdaOS
  std::string source, vendor, data;
  std::int64_t source_bytes = 0, vendor_bytes = 0, data_bytes = 0;
};
BOOST_DESCRIBE_STRUCT(FoundArtifact, (),
                      (kind, name, id, title, version, title_i18n, tree, requires_skills, pin, slot,
                       source, vendor, data, source_bytes, vendor_bytes, data_bytes))

// One that cannot be taken, and why.
struct RefusedArtifact {
  ArtifactKind kind = ArtifactKind::skill;
  std::string name, version;  // as far as known
  std::string code, reason, hint;
};

// What its registry.json holds.
struct FoundCatalogue {
  std::int64_t entries = 0, quarantined = 0;
};

struct Inventory {
  std::vector<FoundArtifact> artifacts;  // skills, then scenarios, each by name
  std::vector<RefusedArtifact> refused;
  History history;
  std::optional<FoundCatalogue> catalogue;
  std::int64_t dev_artifacts = 0;  // below dev/, that authors work on
  std::vector<std::string> warnings;
};

// The directory, with all links on the way to it resolved. `own`: the hub's base directory, which
// may be the same, and may hold an AdaOS workspace that the hub has been put on.
// invalid: "source_not_absolute", "source_not_a_workspace", "source_overlaps" (one lies in the
// other), "source_is_a_hub" (another hub's); not_found: "source_missing"; conflict:
// "source_in_use".
Result<fs::path> find_workspace(const std::string& given, const fs::path& own);

// conflict: "source_in_use".
Result<> check_not_in_use(const fs::path& root);

// cancelled; exhausted: "source_too_large".
Result<Inventory> take_inventory(const fs::path& root, const std::function<bool()>& stop = {});

}  // namespace hub::migration
