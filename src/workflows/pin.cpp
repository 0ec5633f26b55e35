#include "workflows/pin.hpp"

#include "workflows/pinned_artifact.hpp"
#include "workflows/version_choice.hpp"

namespace hub::workflows {
namespace {

using operations::Plan;
using operations::Step;
using operations::StepClass;
using operations::StepContext;

Json pin_in(const InstalledArtifact& artifact) {
  return artifact.pin ? Json(*artifact.pin) : Json(nullptr);
}

}  // namespace

OperationKind Pin::kind() const {
  return OperationKind(to_text(artifact_kind_) + (way_ == Way::keep ? ".pin" : ".unpin"));
}

Result<Plan> Pin::resolve(const OperationRequest& request) const {
  HUB_TRY(artifact, find_installed(tools_.store, artifact_kind_, request.target_id,
                                   way_ == Way::keep ? "pin" : "unpin"));
  const auto* version = request.params.if_contains("version");
  const bool other =
      way_ == Way::keep && version && version->is_string() && *version != Json(artifact.version);
  if (other) {
    return fail(ErrorCode::conflict,
                "cannot pin " + to_text(artifact.kind) + " " + artifact.name + " at " +
                    std::string(version->get_string()) + ": its version is " + artifact.version,
                "pin_mismatch", "install that version by naming it: \"pin\": \"<version>\"",
                {{"pin", *version}, {"version", artifact.version}});
  }
  Plan plan;
  plan.intent = to_json(artifact);
  plan.locks = {{resource_of(artifact.kind, artifact.name)}};
  plan.bytes = 0;
  plan.title_key = "operation." + kind().text();
  plan.title_args = {{"name", artifact.name},
                     {"title", title_of(artifact)},
                     {"title_i18n", artifact.title_i18n},
                     {"version", artifact.version}};
  plan.message = "waiting to " + std::string(way_ == Way::keep ? "pin " : "unpin ") +
                 title_of(artifact) + " " + artifact.version;
  return plan;
}

std::vector<Step> Pin::steps(const Json& intent) const {
  const auto wanted = from_json<InstalledArtifact>(intent, "intent").value();
  Step note;
  note.name = "note";
  note.kind = StepClass::local_tx;
  note.run = [wanted, way = way_, tools = tools_](StepContext& run) -> Result<> {
    HUB_TRY(artifact, find_installed(tools.store, wanted.kind, wanted.name, "pin"));
    run.notes()["before"] = pin_in(artifact);
    artifact.pin = way == Way::keep ? std::optional(artifact.version) : std::nullopt;
    run.result("target_kind", to_json(artifact.kind));
    run.result("target_id", Json(artifact.name));
    run.result("version", Json(artifact.version));
    run.result("pin", pin_in(artifact));
    run.conclude(title_of(artifact) +
                 (way == Way::keep ? " is kept at " + artifact.version : " can be updated again"));
    run.change_installed(std::move(artifact));
    return {};
  };
  note.undo = [wanted, tools = tools_](StepContext& run) -> Result<> {
    const auto* before = run.notes().if_contains("before");
    auto artifact = tools.store.find_installed(wanted.kind, wanted.name);
    if (!before || !artifact) return {};
    artifact->pin =
        before->is_string() ? std::optional(std::string(before->get_string())) : std::nullopt;
    run.change_installed(*std::move(artifact));
    return {};
  };
  return {note};
}

}  // namespace hub::workflows
