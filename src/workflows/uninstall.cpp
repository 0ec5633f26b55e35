#include "workflows/uninstall.hpp"

#include <algorithm>

#include "workflows/pinned_artifact.hpp"

namespace hub::workflows {
namespace {

using artifacts::Shelf;
using operations::Plan;
using operations::Step;
using operations::StepContext;

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string title_of(const InstalledArtifact& artifact) {
  return artifact.title.empty() ? artifact.name : artifact.title;
}

}  // namespace

std::vector<std::string> scenarios_that_require(const std::vector<InstalledArtifact>& installed,
                                                const std::string& skill) {
  std::vector<std::string> found;
  for (const auto& artifact : installed) {
    if (std::ranges::find(artifact.requires_skills, skill) != artifact.requires_skills.end()) {
      found.push_back(artifact.name);
    }
  }
  return found;
}

OperationKind Uninstall::kind() const {
  return OperationKind(to_text(artifact_kind_) + ".uninstall");
}

Result<InstalledArtifact> Uninstall::find(const std::string& name_or_id) const {
  for (auto& artifact : tools_.store.installed()) {
    if (artifact.kind != artifact_kind_) continue;
    if (artifact.name == name_or_id || artifact.id == name_or_id) return artifact;
  }
  return fail(
      ErrorCode::not_found,
      "cannot uninstall " + to_text(artifact_kind_) + " " + name_or_id + ": it is not installed",
      "not_installed", "GET /api/" + directory_of(artifact_kind_) + "/list shows what is",
      {{"name", name_or_id}});
}

Result<> Uninstall::check_not_required(const std::string& name) const {
  if (artifact_kind_ != ArtifactKind::skill) return {};
  const auto needed_by = scenarios_that_require(tools_.store.installed(), name);
  if (needed_by.empty()) return {};
  boost::json::array scenarios;
  for (const auto& scenario : needed_by) scenarios.emplace_back(scenario);
  return fail(ErrorCode::conflict,
              "cannot uninstall skill " + name + ": scenario " + joined(needed_by) + " requires it",
              "required_by_scenario", "uninstall " + joined(needed_by) + " first",
              {{"scenarios", scenarios}});
}

Result<Plan> Uninstall::resolve(const OperationRequest& request) const {
  HUB_TRY(artifact, find(request.target_id));
  HUB_CHECK(check_not_required(artifact.name));
  Plan plan;
  plan.intent = to_json(artifact);
  plan.locks = {{resource_of(artifact.kind, artifact.name)}};
  plan.title_key = "operation." + kind().text();
  plan.title_args = {{"name", artifact.name},
                     {"title", title_of(artifact)},
                     {"title_i18n", artifact.title_i18n},
                     {"version", artifact.version}};
  plan.message = "waiting to uninstall " + title_of(artifact);
  return plan;
}

std::vector<Step> Uninstall::steps(const Json& intent) const {
  const auto artifact = from_json<InstalledArtifact>(intent, "intent").value();
  const auto kept = [tools = tools_, artifact](const StepContext& run) {
    return tools.shelf.staged(run.operation_id(), artifact.kind, artifact.name, "removed");
  };
  const fs::path target = tools_.shelf.installed(artifact.kind, artifact.name);
  Step remove;
  remove.name = "remove";
  remove.run = [this, artifact, kept, target](StepContext& run) -> Result<> {
    // A scenario that needs it may have been installed while this one waited in line.
    HUB_CHECK(check_not_required(artifact.name));
    HUB_CHECK(Shelf::take_away(target, kept(run)));
    run.change_installed(store::ArtifactRemoval{artifact.kind, artifact.name});
    return {};
  };
  remove.undo = [artifact, kept, target](StepContext& run) -> Result<> {
    HUB_CHECK(Shelf::put_back(target, kept(run)));
    run.change_installed(artifact);
    return {};
  };
  Step tidy;
  tidy.name = "tidy";
  tidy.run = [tools = tools_, artifact](StepContext& run) -> Result<> {
    if (artifact.kind == ArtifactKind::skill) {
      HUB_CHECK(remove_tree(tools.shelf.vendor(artifact.name, artifact.version)));
    }
    run.result("target_kind", to_json(artifact.kind));
    run.result("target_id", Json(artifact.name));
    run.result("version", Json(artifact.version));
    run.conclude(title_of(artifact) + " is uninstalled; its data is kept");
    return {};
  };
  return {remove, tidy};
}

void Uninstall::clean_up(const OperationId& id) const { tools_.shelf.discard(id); }

}  // namespace hub::workflows
