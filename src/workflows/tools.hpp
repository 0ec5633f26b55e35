#pragma once
// What the recipes work with. main() hands it over; everything outlives the workflows.

#include "artifacts/shelf.hpp"
#include "base/time.hpp"
#include "registry/catalog_keeper.hpp"
#include "store/operation_store.hpp"

namespace hub::workflows {

struct Tools {
  registry::CatalogKeeper& catalog;
  artifacts::Shelf& shelf;
  store::OperationStore& store;
  const Clock& clock;
};

// How long an install or uninstall can be taken back. What it replaced is kept so long.
inline constexpr std::chrono::hours undo_window_of_artifacts{24};

}  // namespace hub::workflows
