#include "workflows/workspace_update.hpp"

#include <algorithm>

#include "registry/find_entry.hpp"
#include "registry/update_rule.hpp"
#include "workflows/install_steps.hpp"
#include "workflows/registry_refresh.hpp"

namespace hub::workflows {
namespace {

using operations::Plan;
using operations::Step;
using operations::StepContext;

std::vector<PinnedArtifact> outdated(const Tools& tools, const registry::SharedCatalog& catalog) {
  std::vector<PinnedArtifact> found;
  if (!catalog) return found;
  const auto installed = tools.store.installed();
  // Skills first: a scenario's new version may count on them.
  for (const auto kind : {ArtifactKind::skill, ArtifactKind::scenario}) {
    for (const auto& here : installed) {
      if (here.kind != kind) continue;
      const auto entry = registry::find_entry(*catalog, here.kind, here.name);
      if (entry && registry::update_to(*entry, here) != registry::Update::none) {
        found.push_back(pin(*entry));
      }
    }
  }
  return found;
}

}  // namespace

Result<Plan> WorkspaceUpdate::resolve(const OperationRequest&) const {
  const auto catalog = tools_.catalog.current();
  InstallIntent intent;
  intent.commit = catalog ? catalog->commit : "";
  intent.artifacts = outdated(tools_, catalog);
  Plan plan;
  plan.intent = to_json(intent);
  plan.locks = {{Resource("registry:catalog")}};
  for (const auto& artifact : intent.artifacts) {
    plan.locks.push_back({resource_of(artifact.kind, artifact.name)});
  }
  plan.title_key = "operation.workspace.update";
  plan.title_args = {{"name", "workspace"},
                     {"count", static_cast<std::int64_t>(intent.artifacts.size())}};
  plan.message = "waiting to update " + std::to_string(intent.artifacts.size()) + " artifacts";
  return plan;
}

std::vector<Step> WorkspaceUpdate::steps(const Json& stored) const {
  const auto intent = from_json<InstallIntent>(stored, "intent").value();
  std::vector<Step> steps{refresh_step(tools_)};
  for (const auto& artifact : intent.artifacts) {
    add_install_steps(steps, tools_, intent.commit, artifact,
                      " " + resource_of(artifact.kind, artifact.name).text());
  }
  auto& last = steps.back();
  last.run = [run_last = last.run, intent, tools = tools_](StepContext& run) -> Result<> {
    HUB_CHECK(run_last(run));
    const auto count = static_cast<std::int64_t>(intent.artifacts.size());
    // What the refresh has just found is left for the next time: this run keeps to its plan.
    std::int64_t more = 0;
    for (const auto& newer : outdated(tools, tools.catalog.current())) {
      const bool planned = std::ranges::any_of(intent.artifacts, [&](const PinnedArtifact& a) {
        return a.kind == newer.kind && a.name == newer.name && a.version == newer.version;
      });
      if (!planned) ++more;
    }
    run.result("updated", Json(count));
    run.result("more_available", Json(more));
    std::string said =
        count == 0 ? "everything was up to date" : std::to_string(count) + " artifacts are updated";
    if (more > 0) said += "; " + std::to_string(more) + " newer just found";
    run.conclude(said);
    return {};
  };
  return steps;
}

void WorkspaceUpdate::clean_up(const OperationId& id) const { tools_.shelf.discard(id); }

}  // namespace hub::workflows
