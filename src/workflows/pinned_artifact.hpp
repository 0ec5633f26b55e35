#pragma once
// What an install or update has decided to put on this hub: stored in the intent, followed even if
// the catalogue moves on.

#include <string>
#include <vector>

#include "contracts/catalog_entry.hpp"

namespace hub::workflows {

struct PinnedArtifact {
  ArtifactKind kind = ArtifactKind::skill;
  std::string name, id, version, title;
  boost::json::object title_i18n;
  std::string tree;  // what the files must hash to; empty: it was published without a digest
  std::vector<std::string> requires_skills;
};
BOOST_DESCRIBE_STRUCT(PinnedArtifact, (),
                      (kind, name, id, version, title, title_i18n, tree, requires_skills))

struct InstallIntent {
  std::string commit;                     // of the registry
  std::vector<PinnedArtifact> artifacts;  // in the order they are installed; the target is last
};
BOOST_DESCRIBE_STRUCT(InstallIntent, (), (commit, artifacts))

PinnedArtifact pin(const CatalogEntry&);
Resource resource_of(ArtifactKind, const std::string& name);  // "skill:notes_skill"

}  // namespace hub::workflows
