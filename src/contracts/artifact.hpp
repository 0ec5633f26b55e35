#pragma once
// Artifacts: skills and scenarios. How they are named, and what this hub has installed.

#include <optional>
#include <string>
#include <vector>

#include "contracts/operation_state.hpp"

namespace hub {

enum class ArtifactKind { skill, scenario };
BOOST_DESCRIBE_ENUM(ArtifactKind, skill, scenario)

std::string to_text(ArtifactKind);           // "skill"
std::string directory_of(ArtifactKind);      // "skills"
std::string manifest_file_of(ArtifactKind);  // "skill.yaml"
std::optional<ArtifactKind> parse_artifact_kind(std::string_view);

// One artifact installed on this hub. Source of truth: the store (installed_artifacts).
struct InstalledArtifact {
  ArtifactKind kind = ArtifactKind::skill;
  std::string name;  // the install name: its directory
  std::string id;    // the manifest's id; often the same
  std::string title;
  boost::json::object title_i18n;  // {"en": …, "ru": …}; may be empty
  std::string version;
  std::string tree;                          // "sha256:…" of its files, registry.md
  std::string commit;                        // of the registry it came from
  std::vector<std::string> requires_skills;  // a scenario's required skills, by name
  Time installed_at{};
  Time updated_at{};
  OperationId operation_id;  // the one that put it here
};
BOOST_DESCRIBE_STRUCT(InstalledArtifact, (),
                      (kind, name, id, title, title_i18n, version, tree, commit, requires_skills,
                       installed_at, updated_at, operation_id))

}  // namespace hub
