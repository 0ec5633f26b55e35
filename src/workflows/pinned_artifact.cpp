#include "workflows/pinned_artifact.hpp"

namespace hub::workflows {

PinnedArtifact pin(const CatalogEntry& entry) {
  PinnedArtifact pinned;
  pinned.kind = entry.kind;
  pinned.name = entry.name;
  pinned.id = entry.id;
  pinned.version = entry.version;
  pinned.title = entry.title.empty() ? entry.name : entry.title;
  pinned.title_i18n = entry.title_i18n;
  pinned.tree = entry.tree;
  pinned.requires_skills = entry.requires_skills;
  return pinned;
}

Resource resource_of(ArtifactKind kind, const std::string& name) {
  return Resource(to_text(kind) + ":" + name);
}

}  // namespace hub::workflows
