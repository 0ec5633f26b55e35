#include "workflows/install.hpp"

#include <algorithm>

#include "registry/find_entry.hpp"
#include "workflows/install_steps.hpp"

namespace hub::workflows {
namespace {

using operations::Plan;
using operations::Step;
using operations::StepContext;

Result<registry::SharedCatalog> catalog_of(const Tools& tools) {
  if (auto catalog = tools.catalog.current()) return catalog;
  const auto status = tools.catalog.status();
  return fail(ErrorCode::unavailable,
              "cannot install: the registry has not answered yet, so there is no catalogue" +
                  (status.error ? ": " + *status.error : std::string()),
              "catalog_unavailable",
              "check that the registry " + tools.catalog.mirror().display_url() +
                  " can be reached, then try again");
}

Result<> check_pin(const OperationRequest& request, const CatalogEntry& entry) {
  const auto* pin = request.params.if_contains("pin");
  if (!pin || !pin->is_string() || pin->get_string().empty()) return {};
  const std::string wanted(pin->get_string());
  if (wanted == entry.version) return {};
  return fail(
      ErrorCode::invalid,
      "cannot install " + entry.name + " " + wanted + ": the registry publishes " + entry.version,
      "pin_mismatch", "leave pin out, or pin the version that is published",
      {{"pin", wanted}, {"published", entry.version}});
}

// One that was installed when we were accepted may have been uninstalled while we waited.
Result<> check_requirements(const Tools& tools, const PinnedArtifact& target) {
  for (const auto& name : target.requires_skills) {
    if (tools.store.find_installed(ArtifactKind::skill, name)) continue;
    return fail(ErrorCode::conflict,
                "cannot install " + target.name + ": skill " + name +
                    ", which it requires, was "
                    "uninstalled meanwhile",
                "requires_missing", "install it again: the skill will come with it",
                {{"missing", boost::json::array{boost::json::string(name)}}});
  }
  return {};
}

std::vector<std::string> warnings_of(const Tools& tools) {
  const auto status = tools.catalog.status();
  if (status.state == registry::CatalogCondition::fresh || !status.age_s) return {};
  return {"the registry does not answer; this is what it published " +
          std::to_string(*status.age_s) + " s ago"};
}

}  // namespace

OperationKind Install::kind() const { return OperationKind(to_text(artifact_kind_) + ".install"); }

Result<Plan> Install::resolve(const OperationRequest& request) const {
  if (const auto pinned = pinned_in(request)) return plan_for(*pinned);
  HUB_TRY(catalog, catalog_of(tools_));
  HUB_TRY(entry, registry::find_entry(*catalog, artifact_kind_, request.target_id));
  HUB_CHECK(check_pin(request, entry));
  HUB_TRY(intent, pin_with_requirements(tools_.store, *catalog, entry));
  auto plan = plan_for(intent);
  plan.warnings = warnings_of(tools_);
  return plan;
}

Plan Install::plan_for(const InstallIntent& intent) const {
  const auto& target = intent.artifacts.back();
  Plan plan;
  std::optional<std::int64_t> bytes = 0;
  for (const auto& artifact : intent.artifacts) {
    plan.locks.push_back({resource_of(artifact.kind, artifact.name)});
    bytes =
        bytes && artifact.size_bytes ? std::optional(*bytes + *artifact.size_bytes) : std::nullopt;
  }
  for (const auto& name : target.requires_skills) {
    const auto resource = resource_of(ArtifactKind::skill, name);
    const bool comes_along =
        std::ranges::find(plan.locks, resource, &store::LockRequest::resource) != plan.locks.end();
    if (!comes_along) plan.locks.push_back({resource, store::LockMode::shared});
  }
  plan.bytes = bytes;
  // What it replaces is kept beside it. How much pip brings, nobody knows before.
  if (bytes) plan.space_needed = *bytes * 2;
  plan.intent = to_json(intent);
  plan.title_key = "operation." + kind().text();
  plan.title_args = {{"name", target.name},
                     {"title", target.title},
                     {"title_i18n", target.title_i18n},
                     {"version", target.version}};
  plan.message = "waiting to install " + target.title + " " + target.version;
  return plan;
}

std::vector<Step> Install::steps(const Json& stored) const {
  const auto intent = from_json<InstallIntent>(stored, "intent").value();
  std::vector<Step> steps;
  for (const auto& artifact : intent.artifacts) {
    const std::string suffix =
        intent.artifacts.size() == 1 ? "" : " " + resource_of(artifact.kind, artifact.name).text();
    add_install_steps(steps, tools_, intent.commit, artifact, suffix);
  }
  const auto target = intent.artifacts.back();
  auto& last = steps.back();
  last.run = [activate = last.run, target, tools = tools_](StepContext& run) -> Result<> {
    HUB_CHECK(check_requirements(tools, target));
    HUB_CHECK(activate(run));
    run.result("target_kind", to_json(target.kind));
    run.result("target_id", Json(target.name));
    run.result("version", Json(target.version));
    run.conclude(target.title + " " + target.version + " is installed");
    return {};
  };
  return steps;
}

void Install::clean_up(const OperationId& id) const { tools_.shelf.discard(id); }

}  // namespace hub::workflows
