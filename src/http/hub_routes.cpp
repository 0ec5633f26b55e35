#include "http/hub_routes.hpp"

#include <charconv>

#include "base/hash.hpp"
#include "http/submission.hpp"
#include "infrastate/snapshot.hpp"

namespace hub::http {
namespace {

constexpr std::size_t page_default = 500;
constexpr std::size_t page_max = 1000;

std::vector<OperationState> live_operations(const HubServices& services) {
  auto live = services.store.live();
  for (auto& state : live) services.board.overlay(state);
  return live;
}

// Building the searchable catalogue costs more than asking it: kept until another one comes.
class MarketplaceCache {
 public:
  std::shared_ptr<const marketplace::MarketplaceCatalog> of(
      const registry::SharedCatalog& catalog) {
    const std::lock_guard guard(mutex_);
    if (!built_ || built_for_ != catalog) {
      built_ = std::make_shared<const marketplace::MarketplaceCatalog>(catalog);
      built_for_ = catalog;
    }
    return built_;
  }

 private:
  std::mutex mutex_;
  registry::SharedCatalog built_for_;
  std::shared_ptr<const marketplace::MarketplaceCatalog> built_;
};

Result<marketplace::Query> query_of(const Request& request) {
  marketplace::Query query;
  query.q = request.query_value("q").value_or("");
  if (const auto kind = request.query_value("kind"); kind && !kind->empty()) {
    query.kind = parse_artifact_kind(*kind);
    if (!query.kind) {
      return fail(ErrorCode::invalid, "cannot list the marketplace: unknown kind " + *kind,
                  "bad_kind", "kind is skill or scenario");
    }
  }
  if (request.query_value("installed").value_or("") == "1") {
    query.installed = marketplace::Installed::show;
  }
  return query;
}

std::string cursor_of(const MarketplaceRow& row) { return to_text(row.kind) + ":" + row.name; }

Result<std::size_t> page_limit(const Request& request) {
  const auto text = request.query_value("limit");
  if (!text) return page_default;
  std::size_t limit = 0;
  const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (ec == std::errc{} && end == text->data() + text->size() && limit >= 1 && limit <= page_max) {
    return limit;
  }
  return fail(
      ErrorCode::invalid,
      "cannot list the marketplace: limit must be a number from 1 to " + std::to_string(page_max),
      "bad_limit");
}

Result<Response> marketplace_response(const HubServices& services, MarketplaceCache& cache,
                                      const Request& request) {
  HUB_TRY(query, query_of(request));
  HUB_TRY(limit, page_limit(request));
  const auto catalog = services.catalog.current();
  const auto view =
      cache.of(catalog)->view(services.store.installed(), live_operations(services), query);
  const std::string after = request.query_value("after").value_or("");
  boost::json::array rows;
  Json next = nullptr;
  bool begun = after.empty();
  for (std::size_t i = 0; i < view.rows.size(); ++i) {
    if (!begun) {
      begun = cursor_of(view.rows[i]) == after;
      continue;
    }
    rows.push_back(to_wire(view.rows[i]));
    if (rows.size() == limit && i + 1 < view.rows.size()) {
      next = Json(cursor_of(view.rows[i]));
      break;
    }
  }
  if (!begun) {
    return fail(ErrorCode::invalid, "cannot list the marketplace: nothing has the cursor " + after,
                "bad_cursor", "the catalogue may have changed: start again without after");
  }
  const auto status = services.catalog.status();
  auto response =
      json(200, boost::json::object{
                    {"catalog", to_json(status)},
                    {"rows", std::move(rows)},
                    {"total", static_cast<std::int64_t>(view.rows.size())},
                    {"next_cursor", next},
                    {"counts", to_json(view.counts)},
                    {"empty_reason", view.empty_reason ? to_json(*view.empty_reason) : Json()}});
  response.set_header("ETag", "\"" + to_hex(sha256(response.body)).substr(0, 32) + "\"");
  return response;
}

Response snapshot_response(const HubServices& services, const Request& request) {
  const auto installed = services.store.installed();
  const auto catalog = services.catalog.current();
  infrastate::SnapshotInput input;
  input.skills = infrastate::inventory(ArtifactKind::skill, installed, catalog.get());
  input.scenarios = infrastate::inventory(ArtifactKind::scenario, installed, catalog.get());
  input.active = live_operations(services);
  input.catalog = services.catalog.status();
  input.now = services.clock.now();
  return json(200, boost::json::object{
                       {"ok", true},
                       {"accepted", true},
                       {"webspace_id", infrastate::webspace_or_default(
                                           request.query_value("webspace_id").value_or(""))},
                       {"degraded", false},
                       {"error", nullptr},
                       {"snapshot", infrastate::snapshot(input)}});
}

Result<infrastate::ActionRequest> action_of(const Request& request) {
  HUB_TRY(body, json_body(request));
  if (!body.is_object()) {
    return fail(ErrorCode::invalid, "cannot read body: want an object", "field_type");
  }
  infrastate::ActionRequest action;
  const auto text = [&](const char* name) {
    const auto* found = body.get_object().if_contains(name);
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
  };
  action.id = text("id");
  action.name = text("name");
  action.webspace_id = text("webspace_id");
  if (const auto* value = body.get_object().if_contains("value"); value && value->is_object()) {
    action.value = value->get_object();
  }
  action.initiator = initiator_of(request);
  action.idempotency_key = std::string(request.header("idempotency-key"));
  if (action.idempotency_key.empty()) action.idempotency_key = text("request_id");
  return action;
}

// A refusal carries AdaOS's members beside those of problem+json.
Response refused_action(const Error& error, const std::string& action) {
  auto response = problem(error);
  auto body = boost::json::parse(response.body).as_object();
  body["ok"] = false;
  body["accepted"] = false;
  body["action"] = action;
  body["error"] = error.reason.empty() ? error.message : error.reason;
  response.body = boost::json::serialize(body);
  return response;
}

Response action_response(const HubServices& services, const Request& request) {
  const auto action = action_of(request);
  if (!action) return refused_action(action.error(), "");
  const auto accepted = services.actions.perform(*action);
  if (!accepted) return refused_action(accepted.error(), action->id);
  services.metrics.answered(accepted->state.kind, accepted->how);
  const std::string& id = accepted->state.operation_id.text();
  const boost::json::object result{{"ok", true},
                                   {"accepted", true},
                                   {"operation_id", id},
                                   {"operation", to_json(accepted->state)}};
  auto response = json(202, boost::json::object{{"ok", true},
                                                {"accepted", true},
                                                {"webspace_id", accepted->state.webspace_id},
                                                {"action", action->id},
                                                {"target_node_id", nullptr},
                                                {"operation_id", id},
                                                {"result", result},
                                                {"snapshot", boost::json::object{}}});
  response.set_header("Location", "/api/operations/" + id);
  return response;
}

Response hub_response(const HubServices& services) {
  return json(200, boost::json::object{{"name", services.identity.name},
                                       {"version", services.identity.version},
                                       {"catalog", to_json(services.catalog.status())},
                                       {"registry_url", services.catalog.mirror().display_url()}});
}

Response metrics_response(const HubServices& services) {
  auto response = text(200, services.metrics.text());
  response.set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  return response;
}

void add_open_routes(Router& router, const HubServices& services) {
  router.add("GET", "/health/live", Auth::open, inline_handler([](const Request&) {
               return json(200, boost::json::object{{"status", "live"}});
             }));
  router.add("GET", "/health/ready", Auth::open,
             blocking(services.workers, [services](const Request&) {
               const auto catalog = services.catalog.status();
               const auto live = services.store.live_count();  // the database answers
               return json(200, boost::json::object{{"status", "ready"},
                                                    {"catalog", to_json(catalog.state)},
                                                    {"live_operations", live}});
             }));
  router.add("GET", "/api/ping", Auth::open, inline_handler([](const Request&) {
               return json(200, boost::json::object{{"ok", true}});
             }));
}

}  // namespace

void add_hub_routes(Router& router, const HubServices& services) {
  add_open_routes(router, services);
  router.add("GET", "/api/hub", Auth::token, blocking(services.workers, [services](const Request&) {
               return hub_response(services);
             }));
  router.add("GET", "/metrics", Auth::token, blocking(services.workers, [services](const Request&) {
               return metrics_response(services);
             }));
  const auto cache = std::make_shared<MarketplaceCache>();  // shared by copies of the handler
  router.add("GET", "/api/marketplace", Auth::token,
             blocking(services.workers, [services, cache](const Request& request) {
               auto response = marketplace_response(services, *cache, request);
               return response ? *std::move(response) : problem(response.error());
             }));
  router.add("GET", "/api/node/infrastate/snapshot", Auth::token,
             blocking(services.workers, [services](const Request& request) {
               return snapshot_response(services, request);
             }));
  router.add("POST", "/api/node/infrastate/action", Auth::token,
             blocking(services.workers, [services](const Request& request) {
               return action_response(services, request);
             }));
}

}  // namespace hub::http
