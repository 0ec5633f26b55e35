#pragma once
// CatalogEntry: one published skill or scenario, as readers need it. The bytes of registry.json,
// with every key we do not know, are the registry room's business (registry/catalog_file.hpp).
// Identity is (kind, name); {name, id} are its aliases, compared after NFC and case folding.

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "contracts/artifact.hpp"

namespace hub {

// Whom the marketplace shows an entry to. An absent or unknown word in registry.json is `listed`.
enum class Visibility {
  listed,
  unlisted,  // only who asks for its exact name or id
  hidden,    // nobody; it can be installed by name all the same
};
BOOST_DESCRIBE_ENUM(Visibility, listed, unlisted, hidden)

struct CatalogEntry {
  ArtifactKind kind = ArtifactKind::skill;
  std::string name;  // directory and install name
  std::string id;
  std::string version;
  std::string title;               // empty: show the name
  boost::json::object title_i18n;  // {"en": …, "ru": …} or {"key": …, "fallback": …}
  std::string description;
  boost::json::object description_i18n;
  std::vector<std::string> tags;
  std::string publisher;                     // publisher.owner_id; empty when unknown
  std::string path;                          // "skills/<name>"
  std::string updated_at;                    // as published
  std::vector<std::string> requires_skills;  // by name
  std::vector<std::string> optional_skills;
  std::string tree;  // integrity.tree, "sha256:…"; empty when it was published without one
  std::optional<std::int64_t> size_bytes;
  std::optional<std::int64_t> files;
  Visibility visibility = Visibility::listed;
  bool publishable = true;  // false: compatibility.status is "migration_required"
};

// An entry that could not be used. The rest of the catalogue still loads.
struct QuarantinedEntry {
  std::string where;   // "skills[3]"
  std::string name;    // as far as known
  std::string reason;  // stable code, registry.md: "alias_conflict", "field_type", …
  std::string message;
  std::string hint;       // one sentence that says how to mend it
  std::string observed;   // what stands there, cut short
  std::int64_t line = 0;  // of registry.json
};

// Positions in Catalog::entries, by folded name or id (registry/find_entry.hpp makes and reads it).
using EntryIndex = std::unordered_map<std::string, std::size_t>;

// One reading of the catalogue: immutable, shared.
struct Catalog {
  std::string commit;  // of the registry repository; empty when read from a bare file
  std::string digest;  // "sha256:…" of registry.json's bytes
  Time fetched_at{};
  std::vector<CatalogEntry> entries;  // skills, then scenarios, each in file order
  std::vector<QuarantinedEntry> quarantined;
  std::map<ArtifactKind, EntryIndex> by_alias;
};

}  // namespace hub
