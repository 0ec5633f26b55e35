#pragma once
// skill.install and scenario.install: put a published artifact on this hub. A scenario brings the
// skills it requires that are missing here; all of it happens or none.

#include "operations/workflow.hpp"
#include "workflows/pinned_artifact.hpp"
#include "workflows/tools.hpp"

namespace hub::workflows {

class Install final : public operations::Workflow {
 public:
  Install(ArtifactKind kind, Tools tools) : artifact_kind_(kind), tools_(tools) {}
  OperationKind kind() const override;
  // not_found: "unknown_skill" / "unknown_scenario" with the nearest names; conflict:
  // "requires_missing"; unavailable: "catalog_unavailable"; invalid: "pin_mismatch".
  Result<operations::Plan> resolve(const OperationRequest&) const override;
  std::vector<operations::Step> steps(const Json& intent) const override;
  void clean_up(const OperationId&) const override;
  Priority priority() const override { return Priority::interactive; }
  std::chrono::seconds undo_window() const override { return undo_window_of_artifacts; }

 private:
  operations::Plan plan_for(const InstallIntent&) const;

  ArtifactKind artifact_kind_;
  Tools tools_;
};

}  // namespace hub::workflows
