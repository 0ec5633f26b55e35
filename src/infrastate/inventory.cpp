#include "infrastate/inventory.hpp"

#include <algorithm>

#include "registry/find_entry.hpp"
#include "registry/update_rule.hpp"

namespace hub::infrastate {
namespace {

void compare_with_catalog(InventoryItem& item, const InstalledArtifact& artifact,
                          const Catalog& catalog) {
  const auto entry = registry::find_entry(catalog, artifact.kind, artifact.name);
  if (!entry) return;
  item.remote_version = entry->version;
  item.update_available = registry::update_to(*entry, artifact) != registry::Update::none;
}

}  // namespace

std::vector<InventoryItem> inventory(ArtifactKind kind,
                                     std::span<const InstalledArtifact> installed,
                                     const Catalog* catalog) {
  std::vector<InventoryItem> items;
  for (const auto& artifact : installed) {
    if (artifact.kind != kind) continue;
    InventoryItem item;
    item.name = artifact.name;
    item.id = artifact.id;
    item.title = artifact.title.empty() ? artifact.name : artifact.title;
    item.title_i18n = artifact.title_i18n;
    item.version = item.active_version = artifact.version;
    if (!artifact.slot.empty()) item.slot = artifact.slot;
    if (artifact.previous) {
      item.previous_version = artifact.previous->version;
      item.previous_slot = artifact.previous->slot;
    }
    if (artifact.pin) item.pin = *artifact.pin;
    item.held = artifact.held;
    item.requires_skills = artifact.requires_skills;
    item.installed_at = artifact.installed_at;
    item.updated_at = artifact.updated_at;
    if (kind == ArtifactKind::skill) {
      for (const auto& other : installed) {
        if (std::ranges::find(other.requires_skills, artifact.name) !=
            other.requires_skills.end()) {
          item.used_by_scenarios.push_back(other.name);
        }
      }
    }
    item.uninstall_disabled = !item.used_by_scenarios.empty();
    if (catalog) compare_with_catalog(item, artifact, *catalog);
    items.push_back(std::move(item));
  }
  std::ranges::sort(items, {}, &InventoryItem::name);
  return items;
}

}  // namespace hub::infrastate
