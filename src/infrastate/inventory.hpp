#pragma once
// Inventory: what is installed, as the page's lists and AdaOS's list routes show it. Pure
// functions.

#include <span>
#include <string>
#include <vector>

#include "contracts/artifact.hpp"
#include "contracts/catalog_entry.hpp"

namespace hub::infrastate {

struct InventoryItem {
  std::string name, id, title;
  boost::json::object title_i18n;
  std::string version;                     // installed
  std::string active_version;              // AdaOS's name for the same
  Nullable<std::string> slot;              // "A" or "B"; null: a plain directory of older times
  Nullable<std::string> previous_version;  // what a rollback switches to
  Nullable<std::string> previous_slot;
  Nullable<std::string> pin;             // the version that it is kept at
  std::vector<HeldVersion> held;         // versions that no update offers any more
  Nullable<std::string> remote_version;  // published; null when the catalogue has no such entry
  bool update_available = false;
  std::vector<std::string> requires_skills;
  std::vector<std::string> used_by_scenarios;
  bool uninstall_disabled = false;  // a scenario requires it
  Time installed_at{};
  Time updated_at{};
};
BOOST_DESCRIBE_STRUCT(InventoryItem, (),
                      (name, id, title, title_i18n, version, active_version, slot, previous_version,
                       previous_slot, pin, held, remote_version, update_available, requires_skills,
                       used_by_scenarios, uninstall_disabled, installed_at, updated_at))

// Of one kind, by name. `catalog` may be null.
std::vector<InventoryItem> inventory(ArtifactKind, std::span<const InstalledArtifact> installed,
                                     const Catalog* catalog);

}  // namespace hub::infrastate
