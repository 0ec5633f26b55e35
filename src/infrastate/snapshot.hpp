#pragma once
// The Infra State snapshot in AdaOS's shape, and the two actions above its lists. Pure functions.

#include "contracts/operation_state.hpp"
#include "infrastate/inventory.hpp"
#include "registry/catalog_keeper.hpp"

namespace hub::infrastate {

// [{id:"adaos_update", …}, {id:"marketplace", …}]; `updates` installed artifacts have a newer
// version published.
boost::json::array update_actions(std::int64_t updates);

struct SnapshotInput {
  std::vector<InventoryItem> skills, scenarios;
  std::vector<OperationState> active;
  registry::CatalogStatus catalog;
  Time now{};
};

boost::json::object snapshot(const SnapshotInput&);

}  // namespace hub::infrastate
