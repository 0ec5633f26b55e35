#pragma once
// The marketplace over HTTP: GET /api/marketplace, one page of rows with counts and facets; and
// GET /api/marketplace/{kind}/{name}, all about one artifact. docs/integrators.md.

#include "http/router.hpp"
#include "marketplace/marketplace.hpp"
#include "store/operation_store.hpp"
#include "store/progress_board.hpp"

namespace hub::http {

struct MarketplaceServices {
  marketplace::Marketplace& marketplace;
  const registry::CatalogKeeper& catalog;
  store::OperationStore& store;
  store::ProgressBoard& board;
  Workers& workers;
};

void add_marketplace_routes(Router&, const MarketplaceServices&);

}  // namespace hub::http
