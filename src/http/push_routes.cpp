#include "http/push_routes.hpp"

#include <algorithm>

#include "http/multipart.hpp"
#include "http/operation_answers.hpp"
#include "infrastate/actions.hpp"

namespace hub::http {
namespace {

constexpr std::chrono::minutes sync_wait_max{10};

struct Wanted {
  Submission submission;
  enum class Answer { at_once, at_the_end } answer = Answer::at_the_end;
  std::string fresh_upload;  // made by this request
};

// The fields of a form, as a JSON body would have them.
Json value_of(std::string_view text) {
  if (text == "true" || text == "false") return Json(text == "true");
  return Json(text);
}

struct Form {
  boost::json::object body;
  std::vector<registry::UploadedFile> files;
};

Result<Form> read_form(const Request& request) {
  Form form;
  if (!is_multipart(request)) {
    HUB_TRY(value, json_body(request));
    if (!value.is_object()) {
      return fail(ErrorCode::invalid, "cannot read body: want an object", "field_type");
    }
    form.body = value.get_object();
    return form;
  }
  HUB_TRY(parts, read_multipart(request));
  for (const auto& part : parts) {
    if (!part.file_name) {
      form.body[part.name] = value_of(part.bytes);
      continue;
    }
    if (part.name != "file" && part.name != "executable") {
      return fail(
          ErrorCode::invalid, "cannot read the upload: a file came as part \"" + part.name + "\"",
          "upload_part_unknown", "name the part file, or executable for one that is to be run",
          {{"part", part.name}});
    }
    const auto mode = part.name == "file" ? git::FileMode::regular : git::FileMode::executable;
    form.files.push_back({*part.file_name, mode, part.bytes});
  }
  return form;
}

Result<Wanted> wanted_of(const PushServices& services, const Request& request, ArtifactKind kind) {
  HUB_TRY(form, read_form(request));
  HUB_TRY(name, text_member(form.body, "name"));
  HUB_TRY(webspace, text_member(form.body, "webspace_id"));
  if (name.empty()) {
    return fail(ErrorCode::invalid, "cannot push: body.name is missing", "name_missing",
                R"(send {"name": "<name of its directory>"})");
  }
  Wanted wanted;
  HUB_CHECK(read_choices(request, form.body, services.clock.now(), wanted.submission));
  const auto* async = form.body.if_contains("async_operation");
  if (async && async->is_bool() && async->get_bool()) wanted.answer = Wanted::Answer::at_once;
  auto& operation = wanted.submission.request;
  operation.kind = OperationKind(to_text(kind) + ".push");
  operation.target_kind = to_text(kind);
  operation.target_id = name;
  operation.webspace_id = infrastate::webspace_or_default(webspace);
  for (const char* key : {"directory", "message", "publisher"}) {
    HUB_TRY(text, text_member(form.body, key));
    if (!text.empty()) operation.params[key] = text;
  }
  if (!is_multipart(request)) return wanted;
  HUB_TRY(kept, services.uploads.keep(name, form.files));
  operation.params["upload"] = kept.id;
  if (kept.was == registry::Uploads::Kept::Was::added) wanted.fresh_upload = kept.id;
  return wanted;
}

Response end_response(const std::optional<OperationState>& state) {
  if (!state || !is_terminal(state->status)) {
    const std::string id = state ? state->operation_id.text() : "";
    return problem(504, Error{ErrorCode::unavailable,
                              "cannot answer yet: the operation is still running",
                              "operation_running",
                              "GET /api/operations/" + id + " tells how it ends",
                              {{"operation_id", id}}});
  }
  const std::string id = state->operation_id.text();
  if (state->status != OperationStatus::succeeded) {
    boost::json::object details{{"operation_id", id}, {"status", to_json(state->status)}};
    if (state->error) details["error"] = to_json(*state->error);
    return problem(409,
                   Error{ErrorCode::conflict, state->message, "operation_failed",
                         state->error && state->error->hint ? *state->error->hint : "", details});
  }
  const auto& result = state->result->as_object();
  return json(200, boost::json::object{{"ok", true},
                                       {"revision", result.at("commit")},
                                       {"operation_id", id},
                                       {"status", result.at("status")},
                                       {"version", result.at("version")}});
}

// Nobody will ask for what a refused request has brought. What cannot be dropped now is swept
// later.
void drop_upload(const PushServices& services, const Wanted& wanted) {
  if (wanted.fresh_upload.empty()) return;
  static_cast<void>(services.workers.post(
      [services, id = wanted.fresh_upload] { services.uploads.discard(id); }));
}

void answer(const PushServices& services, const Wanted& wanted, const Reply& reply,
            const Result<store::Accepted>& accepted) {
  if (!accepted) {
    drop_upload(services, wanted);
    return reply(problem(accepted.error()));
  }
  if (wanted.answer == Wanted::Answer::at_once) return reply(accepted_response(*accepted));
  services.desk.manager().wait(accepted->state.operation_id, std::nullopt, sync_wait_max,
                               [reply](const std::optional<OperationState>& end) {
                                 reply.rendered([end] { return end_response(end); });
                               });
}

Handler push_route(const PushServices& services, ArtifactKind kind) {
  return later(services.workers, [services, kind](const Request& request, const Reply& reply) {
    const auto wanted = wanted_of(services, request, kind);
    if (!wanted) return reply(problem(wanted.error()));
    if (wanted->submission.submit == Submit::validate_only) {
      const auto plan = services.desk.manager().preview(wanted->submission.request);
      drop_upload(services, *wanted);
      return reply(plan ? plan_response(*plan) : problem(plan.error()));
    }
    services.desk.accept(wanted->submission.request, [services, wanted = *wanted, reply](
                                                         const Result<store::Accepted>& accepted) {
      answer(services, wanted, reply, accepted);
    });
  });
}

}  // namespace

void add_push_routes(Router& router, const PushServices& services) {
  for (const auto kind : {ArtifactKind::skill, ArtifactKind::scenario}) {
    router.add("POST", "/api/" + directory_of(kind) + "/push", Auth::token,
               push_route(services, kind), upload_bytes_max);
  }
}

}  // namespace hub::http
