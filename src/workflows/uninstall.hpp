#pragma once
// skill.uninstall and scenario.uninstall: take an artifact off this hub. A skill that something
// installed requires is refused, naming what. User data stays; its files and pip packages are kept
// aside for as long as it can be undone. The skills that it required stay; those that nothing else
// requires any more are told: result.unused_skills.

#include "operations/workflow.hpp"
#include "workflows/tools.hpp"

namespace hub::workflows {

// What of the installed requires this skill.
std::vector<const InstalledArtifact*> artifacts_that_require(
    const std::vector<InstalledArtifact>& installed, const std::string& skill);
std::string noun_of(const InstalledArtifact&);  // "scenario brief"

class Uninstall final : public operations::Workflow {
 public:
  Uninstall(ArtifactKind kind, Tools tools) : artifact_kind_(kind), tools_(tools) {}
  OperationKind kind() const override;
  int version() const override { return 2; }
  // not_found: "not_installed"; conflict: "required_by_scenario" with details.scenarios
  // and details.skills.
  Result<operations::Plan> resolve(const OperationRequest&) const override;
  std::vector<operations::Step> steps(const Json& intent) const override;
  void clean_up(const OperationId&) const override;
  Priority priority() const override { return Priority::interactive; }
  std::chrono::seconds undo_window() const override { return undo_window_of_artifacts; }

 private:
  Result<> check_not_required(const std::string& name) const;

  ArtifactKind artifact_kind_;
  Tools tools_;
};

}  // namespace hub::workflows
