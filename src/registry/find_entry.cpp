#include "registry/find_entry.hpp"

#include <algorithm>

#include "registry/text.hpp"

namespace hub::registry {

void index_entries(Catalog& catalog) {
  catalog.by_alias.clear();
  // Names first: emplace leaves what is there, so a name wins over another entry's id.
  for (const auto alias : {&CatalogEntry::name, &CatalogEntry::id}) {
    for (std::size_t at = 0; at < catalog.entries.size(); ++at) {
      const auto& entry = catalog.entries[at];
      catalog.by_alias[entry.kind].emplace(fold(entry.*alias), at);
    }
  }
}

Result<CatalogEntry> find_entry(const Catalog& catalog, ArtifactKind kind,
                                std::string_view name_or_id) {
  if (const auto index = catalog.by_alias.find(kind); index != catalog.by_alias.end()) {
    const auto found = index->second.find(fold(name_or_id));
    if (found != index->second.end()) return catalog.entries.at(found->second);
  }
  std::vector<std::string> names;
  for (const auto& entry : catalog.entries) {
    if (entry.kind != kind) continue;
    names.push_back(entry.name);
  }
  const auto near = nearest_names(name_or_id, names);
  boost::json::array suggestions;
  std::string list;
  for (const auto& name : near) {
    suggestions.emplace_back(name);
    list += (list.empty() ? "" : ", ") + name;
  }
  return fail(
      ErrorCode::not_found,
      "cannot find " + to_text(kind) + " \"" + std::string(name_or_id) +
          "\": the registry does not publish it",
      "unknown_" + to_text(kind),
      near.empty() ? "look in the marketplace for what is published" : "did you mean " + list + "?",
      {{"kind", to_text(kind)}, {"name", name_or_id}, {"suggestions", suggestions}});
}

}  // namespace hub::registry
