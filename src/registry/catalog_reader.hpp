#pragma once
// From the bytes of registry.json to a Catalog: what readers need, in one pass and without a tree.
// Pure, any thread.

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "contracts/catalog_entry.hpp"

namespace hub::registry {

// Where the bytes come from: CatalogEntry's owner keeps it.
struct CatalogOrigin {
  std::string commit;
  std::string digest;
  Time fetched_at{};
};

// Refused as a whole: what CatalogFile::parse refuses. An entry that cannot be used is quarantined
// with its reason: entry_type, name_invalid, field_type, alias_conflict; the rest loads.
Result<Catalog> read_catalog(std::string_view bytes, const CatalogOrigin&);

}  // namespace hub::registry
