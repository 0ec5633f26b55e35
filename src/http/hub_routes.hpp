#pragma once
// What the page and AdaOS's Infra State need: /api/hub, /api/node/infrastate/{snapshot,action};
// /metrics for Prometheus; and the open ones: /health/live, /health/ready, /api/ping.

#include <functional>

#include "http/router.hpp"
#include "infrastate/actions.hpp"
#include "operations/operation_metrics.hpp"
#include "registry/catalog_keeper.hpp"

namespace hub::http {

struct HubIdentity {
  std::string name;
  std::string version;
};

struct HubServices {
  HubIdentity identity;
  infrastate::Actions& actions;
  store::OperationStore& store;
  store::ProgressBoard& board;
  registry::CatalogKeeper& catalog;
  operations::OperationMetrics& metrics;
  const Clock& clock;
  Workers& workers;
};

void add_hub_routes(Router&, const HubServices&);

}  // namespace hub::http
