#pragma once
// skill.rollback and scenario.rollback: switch back to the version that was active before, which
// still lies in the other slot. What was active becomes the previous version, so that a second
// rollback goes forward again. Nothing is fetched.

#include "operations/workflow.hpp"
#include "workflows/tools.hpp"

namespace hub::workflows {

class Rollback final : public operations::Workflow {
 public:
  Rollback(ArtifactKind kind, Tools tools) : artifact_kind_(kind), tools_(tools) {}
  OperationKind kind() const override;
  // not_found: "not_installed"; conflict: "no_previous_version", "requires_missing".
  Result<operations::Plan> resolve(const OperationRequest&) const override;
  std::vector<operations::Step> steps(const Json& intent) const override;
  void clean_up(const OperationId&) const override;
  Priority priority() const override { return Priority::interactive; }
  std::chrono::seconds undo_window() const override { return undo_window_of_artifacts; }

 private:
  ArtifactKind artifact_kind_;
  Tools tools_;
};

}  // namespace hub::workflows
