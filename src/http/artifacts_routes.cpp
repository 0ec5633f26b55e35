#include "http/artifacts_routes.hpp"

#include "http/operation_answers.hpp"
#include "infrastate/actions.hpp"
#include "infrastate/inventory.hpp"

namespace hub::http {
namespace {

constexpr std::chrono::minutes sync_wait_max{10};

struct Wanted {
  Submission submission;
  enum class Answer { at_once, at_the_end } answer = Answer::at_the_end;
};

Result<Wanted> wanted_of(const ArtifactsServices& services, const Request& request,
                         ArtifactKind kind, const std::string& verb) {
  HUB_TRY(json_value, json_body(request));
  if (!json_value.is_object()) {
    return fail(ErrorCode::invalid, "cannot read body: want an object", "field_type");
  }
  const auto& body = json_value.get_object();
  HUB_TRY(name, text_member(body, "name"));
  HUB_TRY(pin, text_member(body, "pin"));
  HUB_TRY(webspace, text_member(body, "webspace_id"));
  if (name.empty()) {
    return fail(ErrorCode::invalid, "cannot " + verb + ": body.name is missing", "name_missing",
                R"(send {"name": "<install name>"})");
  }
  Wanted wanted;
  HUB_CHECK(read_choices(request, body, services.clock.now(), wanted.submission));
  const auto* async = body.if_contains("async_operation");
  if (async && async->is_bool() && async->get_bool()) wanted.answer = Wanted::Answer::at_once;
  auto& operation = wanted.submission.request;
  operation.kind = OperationKind(to_text(kind) + "." + verb);
  operation.target_kind = to_text(kind);
  operation.target_id = name;
  // The version to install, or the one that is to be kept.
  if (!pin.empty()) operation.params[verb == "pin" ? "version" : "pin"] = pin;
  const auto* validate = body.if_contains("perform_validation");
  if (validate && (verb == "install" || verb == "update")) {
    operation.params["run_tests"] = *validate;
  }
  const auto* without = body.if_contains("without_optional");
  if (without && verb == "install") operation.params["without_optional"] = *without;
  const auto* purge = body.if_contains("purge_data");
  if (verb == "uninstall" && purge) operation.params["purge_data"] = *purge;
  operation.webspace_id = infrastate::webspace_or_default(webspace);
  return wanted;
}

// AdaOS's answer of a synchronous install or uninstall that has ended.
Response sync_response(const ArtifactsServices& services, ArtifactKind kind,
                       const std::optional<OperationState>& state, const std::string& verb) {
  if (!state || !is_terminal(state->status)) {
    const std::string id = state ? state->operation_id.text() : "";
    return problem(504, Error{ErrorCode::unavailable,
                              "cannot answer yet: the operation is still running",
                              "operation_running",
                              "GET /api/operations/" + id + " tells how it ends",
                              {{"operation_id", id}}});
  }
  if (state->status != OperationStatus::succeeded) {
    boost::json::object details{{"operation_id", state->operation_id.text()},
                                {"status", to_json(state->status)}};
    if (state->error) details["error"] = to_json(*state->error);
    return problem(409,
                   Error{ErrorCode::conflict, state->message, "operation_failed",
                         state->error && state->error->hint ? *state->error->hint : "", details});
  }
  const std::string id = state->operation_id.text();
  const bool shows_artifact = verb == "install" || verb == "update" || verb == "rollback";
  if (!shows_artifact) return json(200, boost::json::object{{"ok", true}, {"operation_id", id}});
  const std::string& name = state->result->at("target_id").as_string().c_str();
  const auto artifact = services.store.find_installed(kind, name);
  boost::json::object shown{{"id", artifact ? artifact->id : name},
                            {"name", name},
                            {"version", artifact ? artifact->version : ""},
                            {"path", directory_of(kind) + "/" + name}};
  boost::json::object answer{{"ok", true}, {"operation_id", id}, {to_text(kind), shown}};
  if (kind == ArtifactKind::skill) {
    answer["runtime"] = {{"version", shown.at("version")},
                         {"slot", artifact ? Json(artifact->slot) : Json()},
                         {"prepared", true},
                         {"webspace_id", state->webspace_id}};
  } else {
    answer["dependency_bootstrap"] = {
        {"ok", true}, {"required", artifact ? to_json(artifact->requires_skills) : Json()}};
  }
  return json(200, answer);
}

// Older callers wait for the end; the worker threads don't.
void await_end(const ArtifactsServices& services, ArtifactKind kind, const std::string& verb,
               const OperationId& id, const Reply& reply) {
  const auto answer = [services, kind, verb, reply](const std::optional<OperationState>& end) {
    const auto posted = services.workers.post([services, kind, verb, reply, end] {
      Request named;
      named.path = "/api/" + directory_of(kind) + "/" + verb;
      reply(
          guarded(named, [&](const Request&) { return sync_response(services, kind, end, verb); }));
    });
    if (posted == Workers::Posted::too_many) reply(problem(overloaded()));
  };
  services.desk.manager().wait(id, std::nullopt, sync_wait_max, answer);
}

Response answered_at_once(const Result<store::Accepted>& accepted) {
  return accepted ? accepted_response(*accepted) : problem(accepted.error());
}

// On the io thread: what it takes is microseconds (accept_desk.hpp).
Handler verb_route(const ArtifactsServices& services, ArtifactKind kind, const std::string& verb) {
  return [services, kind, verb](const Request& request, const Reply& reply) {
    const auto wanted = wanted_of(services, request, kind, verb);
    if (!wanted) return reply(problem(wanted.error()));
    const auto& [submission, answer] = *wanted;
    if (answer == Wanted::Answer::at_once || submission.submit == Submit::validate_only) {
      return services.desk.submit(submission, reply, answered_at_once);
    }
    services.desk.accept(submission.request,
                         [services, kind, verb, reply](Result<store::Accepted> accepted) {
                           if (!accepted) return reply(problem(accepted.error()));
                           const auto& id = accepted->state.operation_id;
                           await_end(services, kind, verb, id, reply);
                         });
  };
}

Response list_response(const ArtifactsServices& services, ArtifactKind kind) {
  const auto installed = services.store.installed();
  const auto catalog = services.catalog.current();
  return json(200, boost::json::object{
                       {"items", to_json(infrastate::inventory(kind, installed, catalog.get()))}});
}

Response installed_status(const ArtifactsServices& services) {
  const auto installed = services.store.installed();
  const auto catalog = services.catalog.current();
  boost::json::array items;
  for (const auto& item : infrastate::inventory(ArtifactKind::skill, installed, catalog.get())) {
    items.push_back({{"name", item.name},
                     {"version", item.version},
                     {"slot", to_json(item.slot)},
                     {"remote_version", to_json(item.remote_version)},
                     {"update_available", item.update_available}});
  }
  return json(200, boost::json::object{{"ok", true}, {"items", items}});
}

}  // namespace

void add_artifacts_routes(Router& router, const ArtifactsServices& services) {
  for (const auto kind : {ArtifactKind::skill, ArtifactKind::scenario}) {
    const std::string base = "/api/" + directory_of(kind);
    for (const char* verb : {"install", "update", "rollback", "pin", "unpin", "uninstall"}) {
      router.add("POST", base + "/" + verb, Auth::token, verb_route(services, kind, verb));
    }
    router.add("GET", base + "/list", Auth::token,
               blocking(services.workers, [services, kind](const Request&) {
                 return list_response(services, kind);
               }));
  }
  router.add("GET", "/api/skills/installed-status", Auth::token,
             blocking(services.workers,
                      [services](const Request&) { return installed_status(services); }));
}

}  // namespace hub::http
