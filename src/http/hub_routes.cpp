#include "http/hub_routes.hpp"

#include "http/document_metrics.hpp"
#include "http/submission.hpp"
#include "infrastate/actions.hpp"
#include "infrastate/snapshot.hpp"

namespace hub::http {
namespace {

std::vector<OperationState> live_operations(const HubServices& services) {
  auto live = services.store.live();
  for (auto& state : live) services.board.overlay(state);
  return live;
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

Response accepted_action(const store::Accepted& accepted, const std::string& action) {
  const std::string& id = accepted.state.operation_id.text();
  const boost::json::object result{{"ok", true},
                                   {"accepted", true},
                                   {"operation_id", id},
                                   {"operation", to_json(accepted.state)}};
  auto response = json(202, boost::json::object{{"ok", true},
                                                {"accepted", true},
                                                {"webspace_id", accepted.state.webspace_id},
                                                {"action", action},
                                                {"target_node_id", nullptr},
                                                {"operation_id", id},
                                                {"result", result},
                                                {"snapshot", boost::json::object{}}});
  response.set_header("Location", "/api/operations/" + id);
  return response;
}

// On the io thread: what it takes is microseconds (accept_desk.hpp).
void act(const HubServices& services, const Request& request, const Reply& reply) {
  const auto action = action_of(request);
  if (!action) return reply(refused_action(action.error(), ""));
  const auto wanted = infrastate::request_of(*action);
  if (!wanted) return reply(refused_action(wanted.error(), action->id));
  services.desk.submit(
      {.request = *wanted}, reply, [id = action->id](const Result<store::Accepted>& accepted) {
        return accepted ? accepted_action(*accepted, id) : refused_action(accepted.error(), id);
      });
}

Response hub_response(const HubServices& services) {
  return json(200, boost::json::object{{"name", services.identity.name},
                                       {"version", services.identity.version},
                                       {"catalog", to_json(services.catalog.status())},
                                       {"registry_url", services.catalog.mirror().display_url()}});
}

Response metrics_response(const HubServices& services) {
  auto response =
      text(200, services.metrics.text() + document_metrics(services.documents.status()));
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
  router.add("GET", "/api/node/infrastate/snapshot", Auth::token,
             blocking(services.workers, [services](const Request& request) {
               return snapshot_response(services, request);
             }));
  router.add(
      "POST", "/api/node/infrastate/action", Auth::token,
      [services](const Request& request, const Reply& reply) { act(services, request, reply); });
}

}  // namespace hub::http
