#pragma once
// CatalogFile: registry.json as bytes in, bytes out. A published snapshot, nothing else: the git
// repository that holds it owns the truth. Same content, same bytes. A value type.
//
// Source of the format: docs/registry-format.md.

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "contracts/artifact.hpp"
#include "contracts/catalog_entry.hpp"
#include "registry/json_text.hpp"

namespace hub::registry {

inline constexpr std::int64_t catalog_bytes_max = std::int64_t{256} << 20U;

class CatalogFile {
 public:
  static CatalogFile empty(const std::string& updated_at);

  // invalid, with line and column: reasons of parse_json_text, catalog_empty (0 bytes),
  // catalog_unsupported_version, catalog_type.
  static Result<CatalogFile> parse(std::string_view bytes);

  const JsonNode* find(ArtifactKind, std::string_view name) const;  // exact name
  // conflict with reason alias_conflict: another entry of the kind answers to this name or id.
  Result<> check_aliases(ArtifactKind, std::string_view name, std::string_view id) const;

  // Puts the entry in its place (merge_entry onto the one of the same name) and moves the top-level
  // updated_at forward, never back.
  void upsert(ArtifactKind, const JsonNode& entry);

  std::string bytes() const;  // version 2, sorted, with a newline at the end

  // As readers need it. An entry that cannot be used is quarantined with its reason.
  Catalog catalog(const std::string& commit, const std::string& digest, Time fetched_at) const;

 private:
  JsonNode root_;
};

}  // namespace hub::registry
