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

}  // namespace hub
