#pragma once
// CatalogFile: registry.json as bytes in, bytes out. A published snapshot, nothing else: the git
// repository that holds it owns the truth. Same content, same bytes. A value type; copies share the
// bytes they were read from.
//
// Entries are kept as bytes, not as trees: to put one entry in, the rest is copied. An entry that
// is not laid out as the format wants it is laid out anew when the file is read.
//
// Source of the format: docs/formats/registry.md.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "contracts/artifact.hpp"
#include "contracts/catalog_entry.hpp"
#include "registry/json_text.hpp"

namespace hub::registry {

inline constexpr std::int64_t catalog_bytes_max = std::int64_t{256} << 20U;

class CatalogFile {
 public:
  static CatalogFile empty(const std::string& updated_at);

  // invalid, with file, line, column and what was observed: reasons of parse_json_text,
  // catalog_empty (0 bytes), catalog_too_large, catalog_unsupported_version, catalog_type.
  static Result<CatalogFile> parse(std::string bytes);

  std::optional<JsonNode> entry(ArtifactKind, std::string_view name) const;  // exact name
  std::vector<std::string> names(ArtifactKind) const;  // in file order; of entries that have one
  std::int64_t unnamed(ArtifactKind) const;            // how many entries have none
  // Name -> text, laid out; both live as long as the file. Of equal names the first.
  std::map<std::string_view, std::string_view> by_name(ArtifactKind) const;
  const std::optional<std::string>& updated_at() const { return updated_at_; }
  // Keys of the top level that are not ours, and differ or are there once alone.
  std::vector<std::string> differing_further_keys(const CatalogFile&) const;
  // conflict with reason alias_conflict: another entry of the kind answers to this name or id.
  Result<> check_aliases(ArtifactKind, std::string_view name, std::string_view id) const;

  // Puts the entry in its place (merge_entry onto the one of the same name) and moves the top-level
  // updated_at forward, never back. The entry has a name.
  void upsert(ArtifactKind, const JsonNode& entry);
  // The top level with its further keys, and empty lists.
  CatalogFile without_entries() const;

  std::string bytes() const;  // version 2, sorted, with a newline at the end

  // As readers need it: read_catalog() of the bytes.
  Catalog catalog(const std::string& commit, const std::string& digest, Time fetched_at) const;

 private:
  struct Entry {
    std::size_t at = 0, size = 0;  // in source_, when `own` is empty
    std::string own;
    bool named = false;
    std::string name, id;
  };

  const std::vector<Entry>& entries(ArtifactKind) const;
  std::vector<Entry>& entries(ArtifactKind);
  std::string_view text_of(const Entry&) const;
  JsonNode node_of(const Entry&) const;
  static bool is_before(const Entry&, const Entry&);
  static Entry entry_of(const JsonNode&);
  void take_entry(ArtifactKind, JsonCursor&);
  void sort(ArtifactKind);

  std::shared_ptr<const std::string> source_;
  std::optional<std::string> updated_at_;
  std::vector<Entry> skills_, scenarios_;
  std::vector<std::pair<std::string, std::string>> others_;  // key and laid-out value
};

}  // namespace hub::registry
