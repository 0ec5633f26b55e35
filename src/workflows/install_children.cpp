#include "workflows/install_children.hpp"

#include <algorithm>

#include "workflows/uninstall.hpp"

namespace hub::workflows {
namespace {

using operations::Step;
using operations::StepClass;
using operations::StepContext;

constexpr const char* wanted_key = "wanted";

// What comes along, as the functions of the step see it.
struct Company {
  Tools tools;
  std::string commit;
  PinnedArtifact target;
  std::vector<BroughtSkill> brings;
  Purpose purpose;

  const BroughtSkill& of(const OperationState& child) const {
    return *std::ranges::find_if(
        brings, [&](const BroughtSkill& one) { return one.skill.name == child.target_id; });
  }
  bool is_required(const OperationState& child) const { return !of(child).optional; }
};

bool has_succeeded(const OperationState& child) {
  return child.status == OperationStatus::succeeded;
}

// Decided once: what another operation has installed while this one stood in line is here already.
boost::json::array wanted_now(const Company& company, StepContext& run) {
  if (const auto* noted = run.notes().if_contains(wanted_key)) return noted->as_array();
  boost::json::array wanted;
  for (const auto& one : company.brings) {
    if (company.tools.store.find_installed(ArtifactKind::skill, one.skill.name)) {
      run.log("skill " + one.skill.name + " is here by now");
    } else {
      wanted.emplace_back(one.skill.name);
    }
  }
  run.notes()[wanted_key] = wanted;
  return wanted;
}

OperationRequest install_of(const Company& company, const BroughtSkill& one) {
  InstallIntent intent;
  intent.commit = company.commit;
  intent.artifacts = {one.skill};
  OperationRequest request;
  request.kind = OperationKind("skill.install");
  request.target_kind = "skill";
  request.target_id = one.skill.name;
  request.params = pinned_params(intent);
  return request;
}

std::string why(const OperationState& child) {
  return child.error ? child.error->message : child.message;
}

Error required_failed(const Company& company, const OperationState& child) {
  const auto& id = child.operation_id.text();
  const bool retryable = child.error && child.error->retryable;
  const std::string code = child.error ? child.error->code : "CANCELLED";
  return Error{retryable ? ErrorCode::unavailable : ErrorCode::conflict,
               std::string("cannot ") + verb_of(company.purpose) + " " + company.target.name +
                   ": skill " + child.target_id + ", which it requires, " +
                   (child.error ? "could not be installed: " + why(child) : "was cancelled"),
               "required_skill_failed",
               "look at operation " + id + ", then try again",
               {{"skill", child.target_id},
                {"operation_id", id},
                {"href", "/api/operations/" + id},
                {"code", code},
                {"causes", {{{"code", code}, {"message", why(child)}}}}}};
}

Json told(const Company& company, const OperationState& child) {
  return boost::json::object{{"name", child.target_id},
                             {"version", company.of(child).skill.version},
                             {"optional", !company.is_required(child)},
                             {"status", to_json(child.status)},
                             {"operation_id", child.operation_id.text()}};
}

Result<> bring(const Company& company, StepContext& run) {
  const auto wanted = wanted_now(company, run);
  std::vector<OperationRequest> requests;
  for (const auto& one : company.brings) {
    const Json name(one.skill.name);
    if (std::ranges::find(wanted, name) != wanted.end()) {
      requests.push_back(install_of(company, one));
    }
  }
  HUB_TRY(ends, run.run_children_while(std::move(requests), [&](const OperationState& child) {
    return has_succeeded(child) || !company.is_required(child);
  }));
  boost::json::array skills;
  const OperationState* failed = nullptr;
  for (const auto& child : ends) {
    skills.push_back(told(company, child));
    run.log("skill " + child.target_id + ": " + child.message);
    if (has_succeeded(child)) continue;
    if (!company.is_required(child)) {
      run.warn("skill " + child.target_id + ", which is optional, is not installed: " + why(child));
      continue;
    }
    // The one that failed by itself, rather than those that were ended because of it.
    if (!failed || (!failed->error && child.error)) failed = &child;
  }
  run.result("skills", std::move(skills));
  if (failed) return tl::unexpected(required_failed(company, *failed));
  return {};
}

struct Staying {
  std::vector<OperationId> undone;  // last first
  boost::json::array kept;

  void keep(StepContext& run, const std::string& skill, const std::string& because) {
    run.warn("skill " + skill + " stays: " + because);
    kept.emplace_back(skill);
  }
};

// Last first, so that what a staying skill requires stays too.
Staying choose(const Company& company, StepContext& run) {
  Staying staying;
  auto installed = company.tools.store.installed();
  std::erase_if(installed, [&](const InstalledArtifact& one) {
    return one.kind == company.target.kind && one.name == company.target.name;
  });
  auto children = run.children();
  std::ranges::reverse(children);
  for (const auto& child : children) {
    if (child.effects != Effects::applied && child.effects != Effects::partial) continue;
    const auto needed_by = artifacts_that_require(installed, child.target_id);
    if (!needed_by.empty()) {
      staying.keep(run, child.target_id, noun_of(*needed_by.front()) + " requires it");
      continue;
    }
    staying.undone.push_back(child.operation_id);
    std::erase_if(installed, [&](const InstalledArtifact& one) {
      return one.kind == ArtifactKind::skill && one.name == child.target_id;
    });
  }
  return staying;
}

Result<> take_back(const Company& company, StepContext& run) {
  auto staying = choose(company, run);
  HUB_TRY(undos, run.undo_children(std::move(staying.undone)));
  std::optional<Error> failed;
  for (const auto& undo : undos) {
    const auto child = company.tools.store.find(undo.child);
    const std::string skill = child ? child->target_id : "";
    if (undo.refused) {
      staying.keep(run, skill, undo.refused->message);
    } else if (undo.end && !has_succeeded(*undo.end)) {
      failed = Error{ErrorCode::unavailable,
                     "cannot take skill " + skill + " back: " + why(*undo.end),
                     "skill_not_taken_back",
                     "look at operation " + undo.end->operation_id.text() + ", then undo again",
                     {{"skill", skill}, {"operation_id", undo.end->operation_id.text()}}};
    }
  }
  if (!staying.kept.empty()) run.result("kept", std::move(staying.kept));
  if (failed) return tl::unexpected(*std::move(failed));
  return {};
}

}  // namespace

Step children_step(const Tools& tools, const InstallIntent& intent, Purpose purpose) {
  const auto company = std::make_shared<const Company>(
      Company{tools, intent.commit, intent.artifacts.back(), *intent.brings, purpose});
  Step step;
  step.name = "skills";
  step.weight = 10 * static_cast<int>(company->brings.size());
  step.kind = StepClass::parent;
  step.timeout = std::chrono::hours(6);  // each child has a deadline of its own
  step.run = [company](StepContext& run) { return bring(*company, run); };
  step.undo = [company](StepContext& run) { return take_back(*company, run); };
  return step;
}

}  // namespace hub::workflows
