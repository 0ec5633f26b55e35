// POST /api/operations/{id}/cancel, retry, undo, confirm.
//
// With If-Match the revision is looked at before, not in the same transaction: it spares a client
// that shows something old a surprise; what may follow what is checked by the store.

#include "http/operation_answers.hpp"
#include "http/operations_routes.hpp"

namespace hub::http {
namespace {

OperationId id_of(const Request& request) { return OperationId(request.path_value("id")); }

std::optional<Response> refuse_revision(const OperationsServices& services,
                                        const Request& request) {
  const auto wanted = request.header("if-match");
  if (wanted.empty()) return std::nullopt;
  const auto state = services.store.find(id_of(request));
  if (!state || names_revision(wanted, state->revision)) return std::nullopt;
  return problem(412,
                 Error{ErrorCode::conflict,
                       "cannot steer operation " + state->operation_id.text() +
                           ": it has changed since, to revision " + std::to_string(state->revision),
                       "revision_changed",
                       "look at it again, then decide",
                       {{"revision", state->revision},
                        {"status", to_json(state->status)},
                        {"href", operation_href(state->operation_id)}}});
}

Response steered(const OperationsServices& services, const Request& request,
                 const Result<OperationState>& state) {
  return state ? steered_response(*state) : refused(services, request, state.error());
}

Response followed(const OperationsServices& services, const Request& request,
                  const Result<store::Accepted>& accepted) {
  return accepted ? accepted_response(*accepted) : refused(services, request, accepted.error());
}

Response confirm(const OperationsServices& services, const Request& request) {
  const auto body = json_body(request);
  if (!body) return problem(body.error());
  const auto* answer = body->is_object() ? body->get_object().if_contains("answer") : nullptr;
  if (!answer) {
    return problem(Error{ErrorCode::invalid,
                         "cannot confirm: body.answer is missing",
                         "field_missing",
                         R"(send {"answer": …}; what is asked is in the operation's reason)",
                         {{"path", "body.answer"}}});
  }
  return steered(services, request, services.manager().confirm(id_of(request), *answer));
}

}  // namespace

void add_steering_routes(Router& router, const OperationsServices& services) {
  using Steer = std::function<Response(const Request&)>;
  const auto add = [&](const char* verb, Steer steer) {
    router.add(
        "POST", std::string("/api/operations/{id}/") + verb, Auth::token,
        blocking(services.workers, [services, steer = std::move(steer)](const Request& request) {
          if (auto refusal = refuse_revision(services, request)) return *std::move(refusal);
          return steer(request);
        }));
  };
  add("cancel", [services](const Request& request) {
    return steered(services, request, services.manager().cancel(id_of(request)));
  });
  add("retry", [services](const Request& request) {
    return followed(services, request,
                    services.manager().retry(id_of(request), initiator_of(request)));
  });
  add("undo", [services](const Request& request) {
    return followed(services, request,
                    services.manager().undo(id_of(request), initiator_of(request)));
  });
  add("confirm", [services](const Request& request) { return confirm(services, request); });
}

}  // namespace hub::http
