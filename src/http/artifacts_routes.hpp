#pragma once
// /api/skills/… and /api/scenarios/…: install, uninstall, update and the lists, in AdaOS's shapes
// (contracts.md §5). With "async_operation": true the answer is 202 as for any operation; without,
// as older callers expect, the same operation is awaited and answered in the synchronous shape.

#include "http/router.hpp"
#include "operations/operation_manager.hpp"
#include "registry/catalog_keeper.hpp"

namespace hub::http {

struct ArtifactsServices {
  operations::OperationManager& manager;
  store::OperationStore& store;
  registry::CatalogKeeper& catalog;
  Workers& workers;
};

void add_artifacts_routes(Router&, const ArtifactsServices&);

// Who asks, for the operation's record.
Initiator initiator_of(const Request&);

}  // namespace hub::http
