#pragma once
// skill.uninstall and scenario.uninstall: take an artifact off this hub. A skill that an installed
// scenario requires is refused, naming which. User data stays; its files and pip packages are kept
// aside for as long as it can be undone.

#include "operations/workflow.hpp"
#include "workflows/tools.hpp"

namespace hub::workflows {

// The installed scenarios that require this skill, by name.
std::vector<std::string> scenarios_that_require(const std::vector<InstalledArtifact>& installed,
                                                const std::string& skill);

class Uninstall final : public operations::Workflow {
 public:
  Uninstall(ArtifactKind kind, Tools tools) : artifact_kind_(kind), tools_(tools) {}
  OperationKind kind() const override;
  int version() const override { return 2; }
  // not_found: "not_installed"; conflict: "required_by_scenario" with details.scenarios.
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
