#include "workflows/rollback.hpp"

#include "artifacts/adaos_markers.hpp"
#include "artifacts/slot_switch.hpp"
#include "base/fault_point.hpp"
#include "workflows/pinned_artifact.hpp"
#include "workflows/shelf_care.hpp"
#include "workflows/version_choice.hpp"

namespace hub::workflows {
namespace {

using artifacts::SlotSwitch;
using operations::Plan;
using operations::Step;
using operations::StepClass;
using operations::StepContext;

std::string version_text(const Deployment& one) {
  return one.version.empty() ? "what was there before" : one.version;
}

// The version to go back to, with its files and with all that it requires.
Result<Deployment> previous_of(const Tools& tools, const InstalledArtifact& artifact) {
  const std::string what = "cannot roll back " + to_text(artifact.kind) + " " + artifact.name;
  std::error_code ec;
  if (!artifact.previous ||
      !fs::is_directory(tools.shelf.source_of(artifact.previous->place), ec)) {
    return fail(ErrorCode::conflict,
                what + ": there is no version before " + artifact.version + " on this hub",
                "no_previous_version",
                "install an earlier version by naming it: \"pin\": \"<version>\"",
                {{"name", artifact.name}, {"version", artifact.version}});
  }
  HUB_CHECK(check_skills_are_here(tools.store, artifact.previous->requires_skills,
                                  what + " to " + version_text(*artifact.previous),
                                  "is not installed"));
  return *artifact.previous;
}

Result<> go_back(const Tools& tools, const InstalledArtifact& wanted, StepContext& run) {
  auto& notes = run.notes();
  if (!notes.contains("switch")) {
    // As it stands now: it may have been updated while this waited in line.
    HUB_TRY(now, find_installed(tools.store, wanted.kind, wanted.name, "roll back"));
    HUB_TRY(previous, previous_of(tools, now));
    HUB_TRY(plan, artifacts::plan_switch(tools.shelf, now.kind, now.name, previous.place));
    if (plan.before == artifacts::StoodThere::folder) {
      return fail(ErrorCode::conflict,
                  "cannot roll back " + now.name + ": a directory stands in the place of its link",
                  "changed_by_others", "install it again: the directory is kept then",
                  {{"name", now.name}});
    }
    notes["before"] = to_json(now);
    notes["switch"] = to_json(plan);
    HUB_CHECK(run.save_notes());
    fault_point("planned:rollback");
    run.log(now.name + " leads to " + plan.to + " again");
  }
  HUB_TRY(before, from_json<InstalledArtifact>(notes.at("before"), "notes.before"));
  HUB_TRY(plan, from_json<SlotSwitch>(notes.at("switch"), "notes.switch"));
  HUB_CHECK(artifacts::switch_in(tools.shelf, plan, run.operation_id()));
  auto record = with_active(before, *before.previous);
  record.previous = deployment_of(before);
  record.displaced.reset();
  record.updated_at = tools.clock.now();
  if (record.pin) record.pin = record.version;
  artifacts::write_markers(tools.shelf, record);
  run.result("target_kind", to_json(record.kind));
  run.result("target_id", Json(record.name));
  run.result("version", Json(record.version));
  run.result("previous_version", Json(before.version));
  run.conclude(title_of(record) + " is back at " + version_text(*before.previous));
  run.change_installed(std::move(record));
  return {};
}

Result<> go_forward_again(const Tools& tools, StepContext& run) {
  const auto* switched = run.notes().if_contains("switch");
  if (!switched) return {};
  HUB_TRY(plan, from_json<SlotSwitch>(*switched, "notes.switch"));
  HUB_TRY(before, from_json<InstalledArtifact>(run.notes().at("before"), "notes.before"));
  HUB_CHECK(artifacts::switch_back(tools.shelf, plan, run.operation_id()));
  artifacts::write_markers(tools.shelf, before);
  run.change_installed(std::move(before));
  return {};
}

}  // namespace

OperationKind Rollback::kind() const {
  return OperationKind(to_text(artifact_kind_) + ".rollback");
}

Result<Plan> Rollback::resolve(const OperationRequest& request) const {
  HUB_TRY(artifact, find_installed(tools_.store, artifact_kind_, request.target_id, "roll back"));
  HUB_TRY(previous, previous_of(tools_, artifact));
  Plan plan;
  plan.intent = to_json(artifact);
  plan.locks = {{resource_of(artifact.kind, artifact.name)}};
  for (const auto& skill : previous.requires_skills) {
    plan.locks.push_back({resource_of(ArtifactKind::skill, skill), store::LockMode::shared});
  }
  plan.bytes = 0;
  const auto title = title_of(artifact);
  plan.title_key = "operation." + kind().text();
  plan.title_args = {{"name", artifact.name},
                     {"title", title},
                     {"title_i18n", artifact.title_i18n},
                     {"from", artifact.version},
                     {"version", previous.version},
                     {"breaking", is_breaking(artifact.version, previous.version)}};
  plan.message = "waiting to go back to " + title + " " + version_text(previous);
  return plan;
}

std::vector<Step> Rollback::steps(const Json& intent) const {
  const auto artifact = from_json<InstalledArtifact>(intent, "intent").value();
  Step step;
  step.name = "rollback";
  step.kind = StepClass::fs_publish;
  step.run = [tools = tools_, artifact](StepContext& run) { return go_back(tools, artifact, run); };
  step.undo = [tools = tools_](StepContext& run) { return go_forward_again(tools, run); };
  return {step};
}

void Rollback::clean_up(const OperationId& id) const { tidy_after(tools_, id); }

}  // namespace hub::workflows
