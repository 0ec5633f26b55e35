#include "http/models_routes.hpp"

namespace hub::http {

void add_models_routes(Router& router, const models::ModelStore& store, Workers& workers) {
  router.add("GET", "/api/models", Auth::token, blocking(workers, [store](const Request&) {
               return json(200, boost::json::object{{"items", to_json(store.list())}});
             }));
}

}  // namespace hub::http
