#pragma once
// Whether what is published is an update to what is installed: the one rule that the marketplace,
// the lists and `workspace.update` share. Pure, any thread.

#include "contracts/catalog_entry.hpp"

namespace hub::registry {

enum class Update {
  none,
  newer,           // a higher version by semver
  content_differs  // the same version with other bytes
};

Update update_to(const CatalogEntry& published, const InstalledArtifact& installed);

}  // namespace hub::registry
