#pragma once
// Look-up in a catalogue by install name or id, whatever the case. Pure, any thread.

#include <string_view>

#include "base/result.hpp"
#include "contracts/catalog_entry.hpp"

namespace hub::registry {

// Makes the catalogue's index. Whoever fills the entries calls it when they are all there.
void index_entries(Catalog&);

// In an indexed catalogue. not_found with reason unknown_skill or unknown_scenario; the nearest
// names are in the hint and in details.suggestions. A name wins over another entry's id.
Result<CatalogEntry> find_entry(const Catalog&, ArtifactKind, std::string_view name_or_id);

}  // namespace hub::registry
