#pragma once
// /api/skills/… and /api/scenarios/…: install, update, rollback, pin, unpin, uninstall and the
// lists, in AdaOS's shapes
// (contracts.md §5). With "async_operation": true the answer is 202 as for any operation; without,
// as older callers expect, the same operation is awaited and answered in the synchronous shape.
// on_conflict, priority, deadline, deadline_s and validate_only mean what they mean for
// POST /api/operations.

#include "http/accept_desk.hpp"
#include "http/router.hpp"
#include "registry/catalog_keeper.hpp"

namespace hub::http {

struct ArtifactsServices {
  AcceptDesk& desk;
  store::OperationStore& store;
  registry::CatalogKeeper& catalog;
  const Clock& clock;
  Workers& workers;
};

void add_artifacts_routes(Router&, const ArtifactsServices&);

}  // namespace hub::http
