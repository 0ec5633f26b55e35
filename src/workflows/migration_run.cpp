#include "workflows/migration_run.hpp"

#include <algorithm>
#include <set>

#include "workflows/migration_steps.hpp"
#include "workflows/pinned_artifact.hpp"
#include "workflows/shelf_care.hpp"

namespace hub::workflows {
namespace {

using migration::Fate;
using operations::Plan;
using operations::Step;
using operations::StepContext;

constexpr std::chrono::seconds looking_time_max{60};  // a client waits
constexpr std::size_t warnings_shown = 10;            // the rest is in the result

Result<std::string> source_param(const OperationRequest& request) {
  const auto* given = request.params.if_contains("source");
  if (given && given->is_string() && !given->get_string().empty()) {
    return std::string(given->get_string());
  }
  return fail(ErrorCode::invalid, "cannot read params.source: want AdaOS's base directory",
              "field_type", "give its absolute path, such as /home/me/.adaos",
              {{"path", "params.source"}});
}

Result<migration::Inventory> look_around(const fs::path& root) {
  const auto until = std::chrono::steady_clock::now() + looking_time_max;
  auto inventory =
      migration::take_inventory(root, [until] { return std::chrono::steady_clock::now() > until; });
  if (inventory || inventory.error().code != ErrorCode::cancelled) return inventory;
  return fail(ErrorCode::exhausted,
              "cannot take over " + root.string() + ": looking through it takes longer than " +
                  std::to_string(looking_time_max.count()) + " s",
              "source_too_large", "move what is not needed away, then try again",
              {{"source", root.string()}});
}

std::vector<store::LockRequest> locks_of(const MigrationIntent& intent) {
  std::vector<store::LockRequest> locks{{Resource("migration:run")}};
  std::set<Resource> taken;
  for (const auto& artifact : intent.artifacts) {
    taken.insert(locks.emplace_back(resource_of(artifact.kind, artifact.name)).resource);
  }
  for (const auto& artifact : intent.artifacts) {
    for (const auto& skill : artifact.requires_skills) {
      const auto resource = resource_of(ArtifactKind::skill, skill);
      if (taken.insert(resource).second) locks.push_back({resource, store::LockMode::shared});
    }
  }
  return locks;
}

std::vector<std::string> shown_warnings(const migration::Report& report) {
  auto warnings = report.warnings;
  if (warnings.size() > warnings_shown) {
    const auto more = warnings.size() - warnings_shown;
    warnings.resize(warnings_shown);
    warnings.push_back("and " + std::to_string(more) + " more, which the result names");
  }
  return warnings;
}

Step nothing_to_do(const migration::Report& report) {
  Step step;
  step.name = "check";
  step.run = [report](StepContext& run) {
    tell(report, run);
    return Result<>();
  };
  return step;
}

}  // namespace

Result<Plan> MigrationRun::resolve(const OperationRequest& request) const {
  HUB_TRY(given, source_param(request));
  HUB_TRY(root, migration::find_workspace(given, tools_.shelf.base()));
  HUB_TRY(inventory, look_around(root));
  auto decisions =
      migration::decide(root, std::move(inventory), tools_.store.installed(), tools_.shelf);
  MigrationIntent intent{std::move(decisions.report), std::move(decisions.adopt)};
  Plan plan;
  plan.bytes = intent.report.bytes;
  plan.space_needed = intent.report.bytes;  // how much pip brings, nobody knows before
  plan.locks = locks_of(intent);
  plan.title_key = "operation.migration.run";
  plan.title_args = {{"name", root.filename().string()},
                     {"source", root.string()},
                     {"count", static_cast<std::int64_t>(intent.artifacts.size())}};
  plan.message = "waiting to take over " + std::to_string(intent.artifacts.size()) +
                 " skills and scenarios from " + root.string();
  plan.warnings = shown_warnings(intent.report);
  plan.outlook = to_json(intent.report);
  plan.intent = to_json(intent);
  return plan;
}

std::vector<Step> MigrationRun::steps(const Json& stored) const {
  auto intent = from_json<MigrationIntent>(stored, "intent").value();
  if (intent.artifacts.empty()) return {nothing_to_do(intent.report)};
  return migration_steps(tools_, std::move(intent));
}

void MigrationRun::clean_up(const OperationId& id) const { tidy_after(tools_, id); }

}  // namespace hub::workflows
