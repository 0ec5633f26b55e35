#pragma once
// The top level of registry.json in one pass, for who keeps the entries as bytes (catalog_file.hpp)
// and for who reads them (catalog_reader.hpp). Inner header of this room.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "contracts/artifact.hpp"
#include "registry/json_cursor.hpp"

namespace hub::registry {

// Each is called with the cursor before one value and moves it behind that value.
struct CatalogVisitor {
  std::function<void(ArtifactKind, JsonCursor&)> entry;
  std::function<void(const std::string& key, JsonCursor&)> other;  // a key that is not ours
};

struct CatalogHead {
  std::optional<std::string> updated_at;
};

// Refuses what catalog_file.hpp lists.
Result<CatalogHead> walk_catalog(std::string_view bytes, const CatalogVisitor&);

}  // namespace hub::registry
