#include "workflows/install.hpp"

#include <algorithm>

#include "workflows/install_children.hpp"
#include "workflows/install_steps.hpp"
#include "workflows/params.hpp"
#include "workflows/shelf_care.hpp"
#include "workflows/version_choice.hpp"

namespace hub::workflows {
namespace {

using operations::Plan;
using operations::Step;
using operations::StepContext;

constexpr std::size_t brings_shown_max = 30;  // a state is at most 8 KiB

// One that was installed when we were accepted may have been uninstalled while we waited.
Result<> check_requirements(const Tools& tools, const PinnedArtifact& target) {
  return check_skills_are_here(tools.store, target.requires_skills, "cannot install " + target.name,
                               "was uninstalled meanwhile",
                               "install it again: the skill will come with it");
}

Step up_to_date_step(const InstallIntent& intent) {
  Step step;
  step.name = "check";
  step.run = [target = intent.artifacts.back(), version = *intent.up_to_date](StepContext& run) {
    run.result("target_kind", to_json(target.kind));
    run.result("target_id", Json(target.name));
    run.result("version", Json(version));
    run.conclude(target.title + " " + version + " is up to date");
    return Result<>();
  };
  return step;
}

// All that its children change, and what they and it count on: until its end nobody else touches
// it.
std::vector<store::LockRequest> locks_of(const InstallIntent& intent) {
  std::vector<store::LockRequest> locks;
  const auto brings = intent.brings.value_or(std::vector<BroughtSkill>());
  for (const auto& one : intent.artifacts) locks.push_back({resource_of(one.kind, one.name)});
  for (const auto& one : brings) locks.push_back({resource_of(one.skill.kind, one.skill.name)});
  const auto count_on = [&](const PinnedArtifact& artifact) {
    for (const auto& name : artifact.requires_skills) {
      const auto resource = resource_of(ArtifactKind::skill, name);
      const bool locked =
          std::ranges::find(locks, resource, &store::LockRequest::resource) != locks.end();
      if (!locked) locks.push_back({resource, store::LockMode::shared});
    }
  };
  count_on(intent.artifacts.back());
  for (const auto& one : brings) count_on(one.skill);
  return locks;
}

boost::json::array shown(const std::vector<BroughtSkill>& brings) {
  boost::json::array all;
  for (const auto& one : brings) {
    if (all.size() == brings_shown_max) break;
    all.push_back({{"target", "skill:" + one.skill.name},
                   {"version", one.skill.version},
                   {"bytes", one.skill.size_bytes ? Json(*one.skill.size_bytes) : Json(nullptr)},
                   {"optional", one.optional}});
  }
  return all;
}

std::vector<std::string> warnings_of(const Tools& tools) {
  const auto status = tools.catalog.status();
  if (status.state == registry::CatalogCondition::fresh || !status.age_s) return {};
  return {"the registry does not answer; this is what it published " +
          std::to_string(*status.age_s) + " s ago"};
}

}  // namespace

OperationKind Install::kind() const {
  return OperationKind(to_text(artifact_kind_) +
                       (purpose_ == Purpose::update ? ".update" : ".install"));
}

Result<Plan> Install::resolve(const OperationRequest& request) const {
  if (const auto pinned = pinned_in(request)) return plan_for(*pinned);
  HUB_TRY(run_tests, flag_param(request, "run_tests"));
  HUB_TRY(pinned, choose_version(tools_, artifact_kind_, request, purpose_));
  if (run_tests) pinned.intent.run_tests = true;
  auto plan = plan_for(pinned.intent);
  plan.warnings = warnings_of(tools_);
  std::ranges::move(pinned.warnings, std::back_inserter(plan.warnings));
  return plan;
}

Plan Install::plan_for(const InstallIntent& intent) const {
  const auto& target = intent.artifacts.back();
  Plan plan;
  const auto bytes = bytes_of(intent);
  plan.locks = locks_of(intent);
  plan.bytes = bytes;
  // What it replaces is kept beside it. How much pip brings, nobody knows before.
  if (bytes) plan.space_needed = *bytes * 2;
  plan.intent = to_json(intent);
  plan.title_key = "operation." + kind().text();
  plan.title_args = {{"name", target.name},
                     {"title", target.title},
                     {"title_i18n", target.title_i18n},
                     {"version", target.version}};
  if (intent.brings) plan.title_args["brings"] = shown(*intent.brings);
  if (const auto here = tools_.store.find_installed(target.kind, target.name)) {
    plan.title_args["from"] = here->version;
    plan.title_args["breaking"] = is_breaking(here->version, target.version);
  }
  plan.message = std::string("waiting to ") +
                 (purpose_ == Purpose::update ? "update to " : "install ") + target.title + " " +
                 target.version;
  return plan;
}

std::vector<Step> Install::steps(const Json& stored) const {
  const auto intent = from_json<InstallIntent>(stored, "intent").value();
  if (intent.up_to_date) return {up_to_date_step(intent)};
  std::vector<Step> steps;
  for (const auto& artifact : intent.artifacts) {
    const std::string suffix =
        intent.artifacts.size() == 1 ? "" : " " + resource_of(artifact.kind, artifact.name).text();
    const bool is_target = &artifact == &intent.artifacts.back();
    Journey journey{tools_, intent.commit, artifact, suffix};
    if (is_target) {
      journey.pin = intent.pin;
      if (intent.run_tests.value_or(false)) journey.tests = artifacts::SkillTests::run;
    }
    add_install_steps(steps, journey);
  }
  const auto target = intent.artifacts.back();
  if (intent.brings) steps.insert(steps.end() - 1, children_step(tools_, intent, purpose_));
  auto& last = steps.back();
  last.run = [activate = last.run, target, tools = tools_](StepContext& run) -> Result<> {
    HUB_CHECK(check_requirements(tools, target));
    HUB_CHECK(activate(run));
    run.result("target_kind", to_json(target.kind));
    run.result("target_id", Json(target.name));
    run.result("version", Json(target.version));
    const auto* before = run.notes().if_contains("before");
    if (before && before->is_object()) {
      run.result("previous_version", before->at("version"));
    }
    run.conclude(target.title + " " + target.version + " is installed");
    return {};
  };
  return steps;
}

void Install::clean_up(const OperationId& id) const { tidy_after(tools_, id); }

}  // namespace hub::workflows
