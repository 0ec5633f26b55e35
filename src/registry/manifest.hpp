#pragma once
// Manifest: what a skill.yaml or scenario.yaml says, read tolerantly (unknown keys are fine) and
// within the limits of yaml.hpp. Any thread.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "contracts/artifact.hpp"
#include "git/repository.hpp"
#include "registry/yaml.hpp"

namespace hub::registry {

// A manifest of the right types. Empty text means absent.
struct Manifest {
  ArtifactKind kind = ArtifactKind::skill;
  std::string id;  // the manifest's own; empty when it has none
  std::string name;
  std::string version;  // as written, semver or not
  std::string title;
  std::string description;
  std::string updated_at;
  std::vector<std::string> tags;
  std::vector<std::string> requires_skills;  // `depends`, then runtime.skills.required
  std::vector<std::string> optional_skills;
  std::vector<std::string> dependencies;     // a skill's pip arguments, or its service's
  std::vector<std::string> secret_fixtures;  // paths that may look like secrets: tests need them
  std::string digest;                        // "sha256:…" of the file's bytes
  YamlNode root;
};

// `file` names it in errors. Also field_type, with the field's line and column.
Result<Manifest> parse_manifest(ArtifactKind, std::string_view bytes, const std::string& file);
// not_found with reason manifest_missing.
Result<Manifest> read_manifest(ArtifactKind, const std::filesystem::path& artifact_directory);

// The same of what a commit publishes, named "skills/x/skill.yaml" in errors.
Result<Manifest> read_published_manifest(const git::Repository&, const std::string& commit,
                                         ArtifactKind, const std::string& name);

}  // namespace hub::registry
