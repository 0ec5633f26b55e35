#pragma once
// What the page and AdaOS's Infra State need: /api/hub, /api/node/infrastate/{snapshot,action};
// /metrics for Prometheus; and the open ones: /health/live, /health/ready, /api/ping.

#include <functional>

#include "http/accept_desk.hpp"
#include "http/router.hpp"
#include "projection/document_server.hpp"
#include "registry/catalog_keeper.hpp"

namespace hub::http {

struct HubIdentity {
  std::string name;
  std::string version;
};

struct HubServices {
  HubIdentity identity;
  AcceptDesk& desk;
  store::OperationStore& store;
  store::ProgressBoard& board;
  registry::CatalogKeeper& catalog;
  operations::OperationMetrics& metrics;
  projection::DocumentServer& documents;
  const Clock& clock;
  Workers& workers;
};

void add_hub_routes(Router&, const HubServices&);

}  // namespace hub::http
