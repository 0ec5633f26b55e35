#include "artifacts/active_skill.hpp"

namespace hub::artifacts {

Result<ActiveSkill> active_skill(const Shelf& shelf, const InstalledArtifact& artifact) {
  if (artifact.kind != ArtifactKind::skill) {
    return fail(ErrorCode::invalid,
                "cannot run " + artifact.name + ": it is a scenario, not a skill", "not_a_skill",
                "run a tool of a skill that it requires");
  }
  ActiveSkill active;
  active.name = artifact.name;
  active.version = artifact.version;
  active.slot = artifact.slot;
  const bool in_slots = !artifact.place.empty();
  active.source =
      in_slots ? shelf.source_of(artifact.place) : shelf.installed(artifact.kind, artifact.name);
  active.packages =
      in_slots ? shelf.packages_of(artifact.place) : shelf.vendor(artifact.name, artifact.version);
  active.data = shelf.data(artifact.name);
  std::error_code ec;
  if (!fs::is_directory(active.source, ec)) {
    return fail(
        ErrorCode::not_found,
        "cannot run skill " + artifact.name + ": its files are gone from " + active.source.string(),
        "skill_files_missing", "uninstall it and install it again",
        {{"name", artifact.name}, {"path", active.source.string()}});
  }
  return active;
}

}  // namespace hub::artifacts
