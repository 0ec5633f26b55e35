#include "workflows/uninstall.hpp"

#include <algorithm>

#include "artifacts/adaos_markers.hpp"
#include "registry/text.hpp"
#include "workflows/params.hpp"
#include "workflows/pinned_artifact.hpp"
#include "workflows/shelf_care.hpp"
#include "workflows/version_choice.hpp"

namespace hub::workflows {
namespace {

using artifacts::Shelf;
using operations::Plan;
using operations::Step;
using operations::StepClass;
using operations::StepContext;

struct UninstallIntent {
  InstalledArtifact artifact;
  artifacts::SkillData data = artifacts::SkillData::stays;
};
BOOST_DESCRIBE_STRUCT(UninstallIntent, (), (artifact, data))

// One artifact on its way out; copied into each step's functions.
struct Leaving {
  Tools tools;
  InstalledArtifact artifact;
  artifacts::SkillData data = artifacts::SkillData::stays;

  fs::path place() const { return tools.shelf.installed(artifact.kind, artifact.name); }
  fs::path slots() const { return tools.shelf.slots(artifact.kind, artifact.name); }
  fs::path kept(const StepContext& run, const char* part) const {
    return tools.shelf.staged(run.operation_id(), artifact.kind, artifact.name, part);
  }
  // As it stood when it was taken away: it may have been updated while this waited in line.
  Result<InstalledArtifact> taken(const boost::json::object& notes) const {
    const auto* noted = notes.if_contains("artifact");
    return noted ? from_json<InstalledArtifact>(*noted, "notes.artifact") : artifact;
  }
};

Result<> take_away(const Leaving& leaving, StepContext& run) {
  const auto artifact =
      leaving.tools.store.find_installed(leaving.artifact.kind, leaving.artifact.name)
          .value_or(leaving.artifact);
  run.notes()["artifact"] = to_json(artifact);
  boost::json::array had;
  for (const auto& skill : artifact.requires_skills) {
    if (leaving.tools.store.find_installed(ArtifactKind::skill, skill)) had.emplace_back(skill);
  }
  if (!had.empty()) run.notes()["had_skills"] = std::move(had);
  run.log("keeps " + leaving.place().string() + " aside");
  HUB_CHECK(Shelf::take_away(leaving.place(), leaving.kept(run, "removed")));
  run.change_installed(store::ArtifactRemoval{artifact.kind, artifact.name});
  return {};
}

// A scenario does not come back without the skills that it had.
Result<> check_skills_are_there(const Leaving& leaving, StepContext& run) {
  const auto* had = run.notes().if_contains("had_skills");
  if (!had || !had->is_array()) return {};
  std::vector<std::string> skills;
  for (const auto& name : had->get_array()) skills.emplace_back(name.as_string());
  return check_skills_are_here(leaving.tools.store, skills,
                               "cannot bring back " + leaving.artifact.name,
                               "was uninstalled since");
}

Result<> bring_back(const Leaving& leaving, StepContext& run) {
  HUB_CHECK(check_skills_are_there(leaving, run));
  HUB_CHECK(Shelf::put_back(leaving.place(), leaving.kept(run, "removed")));
  HUB_TRY(artifact, leaving.taken(run.notes()));
  artifacts::write_markers(leaving.tools.shelf, artifact);
  run.change_installed(std::move(artifact));
  return {};
}

// Offered, not done: a person may use them.
void tell_unused(const Tools& tools, const InstalledArtifact& gone, StepContext& run) {
  const auto installed = tools.store.installed();
  boost::json::array unused;
  for (const auto& skill : gone.requires_skills) {
    const bool here = tools.store.find_installed(ArtifactKind::skill, skill).has_value();
    if (here && artifacts_that_require(installed, skill).empty()) unused.emplace_back(skill);
  }
  if (!unused.empty()) run.result("unused_skills", std::move(unused));
}

}  // namespace

std::vector<const InstalledArtifact*> artifacts_that_require(
    const std::vector<InstalledArtifact>& installed, const std::string& skill) {
  std::vector<const InstalledArtifact*> found;
  for (const auto& artifact : installed) {
    if (std::ranges::find(artifact.requires_skills, skill) != artifact.requires_skills.end()) {
      found.push_back(&artifact);
    }
  }
  return found;
}

std::string noun_of(const InstalledArtifact& artifact) {
  return to_text(artifact.kind) + " " + artifact.name;
}

OperationKind Uninstall::kind() const {
  return OperationKind(to_text(artifact_kind_) + ".uninstall");
}

Result<> Uninstall::check_not_required(const std::string& name) const {
  if (artifact_kind_ != ArtifactKind::skill) return {};
  const auto installed = tools_.store.installed();
  const auto needed_by = artifacts_that_require(installed, name);
  if (needed_by.empty()) return {};
  std::vector<std::string> nouns;
  boost::json::array scenarios, skills;
  for (const auto* one : needed_by) {
    nouns.push_back(noun_of(*one));
    (one->kind == ArtifactKind::scenario ? scenarios : skills).emplace_back(one->name);
  }
  return fail(ErrorCode::conflict,
              "cannot uninstall skill " + name + ": " + registry::joined(nouns) +
                  (nouns.size() == 1 ? " requires it" : " require it"),
              "required_by_scenario", "uninstall " + registry::joined(nouns) + " first",
              {{"scenarios", std::move(scenarios)}, {"skills", std::move(skills)}});
}

Result<Plan> Uninstall::resolve(const OperationRequest& request) const {
  HUB_TRY(artifact, find_installed(tools_.store, artifact_kind_, request.target_id, "uninstall"));
  HUB_CHECK(check_not_required(artifact.name));
  Plan plan;
  HUB_TRY(purge, flag_param(request, "purge_data"));
  const auto data = purge ? artifacts::SkillData::goes : artifacts::SkillData::stays;
  plan.intent = to_json(UninstallIntent{artifact, data});
  plan.locks = {{resource_of(artifact.kind, artifact.name)}};
  // They stay while this one may still have to bring it back.
  for (const auto& skill : artifact.requires_skills) {
    plan.locks.push_back({resource_of(ArtifactKind::skill, skill), store::LockMode::shared});
  }
  plan.title_key = "operation." + kind().text();
  plan.title_args = {{"name", artifact.name},
                     {"title", title_of(artifact)},
                     {"title_i18n", artifact.title_i18n},
                     {"version", artifact.version}};
  plan.message = "waiting to uninstall " + title_of(artifact);
  return plan;
}

std::vector<Step> Uninstall::steps(const Json& intent) const {
  const auto wanted = from_json<UninstallIntent>(intent, "intent").value();
  const Leaving leaving{tools_, wanted.artifact, wanted.data};
  Step remove;
  remove.name = "remove";
  remove.kind = StepClass::fs_publish;
  remove.run = [this, leaving](StepContext& run) -> Result<> {
    // A scenario that needs it may have been installed while this one waited in line.
    HUB_CHECK(check_not_required(leaving.artifact.name));
    return take_away(leaving, run);
  };
  remove.undo = [leaving](StepContext& run) { return bring_back(leaving, run); };
  Step tidy;
  tidy.name = "tidy";
  tidy.kind = StepClass::fs_publish;
  tidy.run = [leaving](StepContext& run) -> Result<> {
    HUB_TRY(gone, leaving.taken(run.notes_of("remove")));
    HUB_CHECK(Shelf::take_away(leaving.slots(), leaving.kept(run, "slots")));
    if (gone.kind == ArtifactKind::skill) {
      HUB_CHECK(artifacts::take_runtime_away(leaving.tools.shelf, gone.name,
                                             leaving.kept(run, "runtime"), leaving.data));
    }
    run.result("target_kind", to_json(gone.kind));
    run.result("target_id", Json(gone.name));
    run.result("version", Json(gone.version));
    tell_unused(leaving.tools, gone, run);
    run.conclude(title_of(gone) + " is uninstalled" +
                 (gone.kind == ArtifactKind::scenario           ? ""
                  : leaving.data == artifacts::SkillData::stays ? "; its data is kept"
                                                                : ", with its data"));
    return {};
  };
  tidy.undo = [leaving](StepContext& run) -> Result<> {
    const auto& gone = leaving.artifact;
    HUB_CHECK(Shelf::put_back(leaving.slots(), leaving.kept(run, "slots")));
    if (gone.kind != ArtifactKind::skill) return {};
    return artifacts::put_runtime_back(leaving.tools.shelf, gone.name,
                                       leaving.kept(run, "runtime"));
  };
  return {remove, tidy};
}

void Uninstall::clean_up(const OperationId& id) const { tidy_after(tools_, id); }

}  // namespace hub::workflows
