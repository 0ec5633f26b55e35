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

// One version of an artifact that lies whole on this disk, ready to be switched to.
struct Deployment {
  std::string version;
  std::string slot;   // "A" or "B"
  std::string place;  // of its files, below workspace/.slots: "skills/notes_skill/A.op_…"
  std::string id, title;
  boost::json::object title_i18n;
  std::string tree;                          // "sha256:…" of its files; empty: not known
  std::string commit;                        // of the registry it came from
  std::vector<std::string> requires_skills;  // by name
  OperationId operation_id;                  // the one that put it here
};
BOOST_DESCRIBE_STRUCT(Deployment, (),
                      (version, slot, place, id, title, title_i18n, tree, commit, requires_skills,
                       operation_id))

// A version that did not pass its tests here: no update offers it any more.
struct HeldVersion {
  std::string version;
  std::string tree;    // "sha256:…"; other files under the same version are not held
  std::string code;    // of the error, such as "smoke_failed"
  std::string reason;  // what it said
  Time held_at{};
  OperationId operation_id;  // the one that tried it
};
BOOST_DESCRIBE_STRUCT(HeldVersion, (), (version, tree, code, reason, held_at, operation_id))

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
  std::vector<std::string> requires_skills;  // by name
  Time installed_at{};
  Time updated_at{};
  OperationId operation_id;              // the one that put it here
  std::string slot;                      // "A" or "B"; empty: a plain directory, as older hubs made
  std::string place;                     // of the active version's files, as Deployment::place
  std::optional<Deployment> previous;    // what a rollback switches to
  std::optional<std::string> displaced;  // place of the one that `previous` displaced: for an undo
  std::optional<std::string> pin;        // the version that it is kept at
  std::vector<HeldVersion> held;
};
BOOST_DESCRIBE_STRUCT(InstalledArtifact, (),
                      (kind, name, id, title, title_i18n, version, tree, commit, requires_skills,
                       installed_at, updated_at, operation_id, slot, place, previous, displaced,
                       pin, held))

// The active version of an artifact, as one that can be switched to later.
Deployment deployment_of(const InstalledArtifact&);
// The artifact with this one as its active version; the rest of it stays.
InstalledArtifact with_active(InstalledArtifact, const Deployment&);
const HeldVersion* find_held(const InstalledArtifact&, const std::string& version,
                             const std::string& tree);

}  // namespace hub
