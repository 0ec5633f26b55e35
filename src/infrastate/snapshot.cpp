#include "infrastate/snapshot.hpp"

#include <algorithm>

namespace hub::infrastate {

boost::json::array update_actions(std::int64_t updates) {
  const bool any = updates > 0;
  return {{{"id", "adaos_update"},
           {"title", "Update skills & scenarios"},
           {"status", any ? "warn" : "ok"},
           {"description", any ? "Updates available: " + std::to_string(updates) + "."
                               : std::string("Installed skills and scenarios are up to date.")},
           {"updates", updates}},
          {{"id", "marketplace"},
           {"title", "Marketplace"},
           {"status", "ok"},
           {"description", "Browse the registry and install skills and scenarios."}}};
}

boost::json::object snapshot(const SnapshotInput& input) {
  const auto outdated = [](const std::vector<InventoryItem>& items) {
    return std::ranges::count_if(items, &InventoryItem::update_available);
  };
  const std::int64_t updates = outdated(input.skills) + outdated(input.scenarios);
  const std::string value = std::to_string(input.skills.size()) + " skills, " +
                            std::to_string(input.scenarios.size()) + " scenarios";
  boost::json::array active_ids;
  for (const auto& state : input.active) active_ids.emplace_back(state.operation_id.text());
  return {{"summary",
           {{"label", "Infra State"},
            {"value", value},
            {"subtitle", std::to_string(input.active.size()) + " operations running"},
            {"description", ""},
            {"updated_at", to_seconds_text(input.now)}}},
          {"update_actions", update_actions(updates)},
          {"skills", to_json(input.skills)},
          {"scenarios", to_json(input.scenarios)},
          {"operations", {{"items", to_json(input.active)}, {"active", active_ids}}},
          {"catalog", to_json(input.catalog)},
          {"last_refresh_ts", to_millis(input.now) / 1000}};
}

}  // namespace hub::infrastate
