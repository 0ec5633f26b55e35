#include "registry/update_rule.hpp"

#include "registry/semver.hpp"

namespace hub::registry {

Update update_to(const CatalogEntry& published, const InstalledArtifact& installed) {
  const auto order = compare_versions(published.version, installed.version);
  if (order == std::partial_ordering::greater) return Update::newer;
  const bool differs = order == std::partial_ordering::equivalent && !published.tree.empty() &&
                       !installed.tree.empty() && published.tree != installed.tree;
  return differs ? Update::content_differs : Update::none;
}

}  // namespace hub::registry
