#pragma once
// Details: what the marketplace tells about one artifact beside its row. What was published is read
// once for a commit (Published); what of it is new here, and what an install would bring, depends
// on what is installed (details_of(), pure).

#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "marketplace/markdown.hpp"
#include "marketplace/marketplace_catalog.hpp"
#include "registry/mirror.hpp"

namespace hub::marketplace {

struct Published {
  std::string readme_file;  // "README.md"; empty: none
  Document readme;
  std::vector<ChangelogPart> changelog;  // of CHANGELOG.md
  registry::PublishedHistory history;
  std::vector<std::string> packages;  // a skill's pip arguments
};

// As published at the catalogue's commit. `language` ("ru") prefers README.<language>.md. What
// cannot be read is left out: only the row is certain.
Published read_published(registry::Mirror&, const std::string& commit, ArtifactKind,
                         const std::string& name, const std::string& language);

// {row, readme, versions[], versions_complete, changelog[], requirements, dependents[]}, see
// docs/integrators.md. not_found: as registry::find_entry().
Result<boost::json::object> details_of(const MarketplaceCatalog&, const Published&,
                                       std::span<const InstalledArtifact> installed,
                                       std::span<const OperationState> operations, ArtifactKind,
                                       const std::string& name_or_id);

}  // namespace hub::marketplace
