#pragma once
// GET /api/models: the models on this hub, as their files are.

#include "http/router.hpp"
#include "models/model_store.hpp"

namespace hub::http {

void add_models_routes(Router&, const models::ModelStore&, Workers&);

}  // namespace hub::http
