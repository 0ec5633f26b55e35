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

}  // namespace hub::workflows
