#include "contracts/artifact.hpp"

namespace hub {

std::string to_text(ArtifactKind kind) { return boost::describe::enum_to_string(kind, ""); }

std::string directory_of(ArtifactKind kind) { return to_text(kind) + "s"; }

std::string manifest_file_of(ArtifactKind kind) { return to_text(kind) + ".yaml"; }

std::optional<ArtifactKind> parse_artifact_kind(std::string_view text) {
  if (text == "skill") return ArtifactKind::skill;
  if (text == "scenario") return ArtifactKind::scenario;
  return std::nullopt;
}

Deployment deployment_of(const InstalledArtifact& artifact) {
  return {artifact.version,         artifact.slot,        artifact.place, artifact.id,
          artifact.title,           artifact.title_i18n,  artifact.tree,  artifact.commit,
          artifact.requires_skills, artifact.operation_id};
}

InstalledArtifact with_active(InstalledArtifact artifact, const Deployment& active) {
  artifact.version = active.version;
  artifact.slot = active.slot;
  artifact.place = active.place;
  artifact.id = active.id;
  artifact.title = active.title;
  artifact.title_i18n = active.title_i18n;
  artifact.tree = active.tree;
  artifact.commit = active.commit;
  artifact.requires_skills = active.requires_skills;
  artifact.operation_id = active.operation_id;
  return artifact;
}

const HeldVersion* find_held(const InstalledArtifact& artifact, const std::string& version,
                             const std::string& tree) {
  for (const auto& one : artifact.held) {
    if (one.version == version && (one.tree.empty() || tree.empty() || one.tree == tree)) {
      return &one;
    }
  }
  return nullptr;
}

}  // namespace hub
