#pragma once
// skill.pin, skill.unpin and the same for scenarios: keep an artifact at the version it has, or let
// it be updated again. To pin another version, install that one by naming it (params.pin of an
// install).

#include "operations/workflow.hpp"
#include "workflows/tools.hpp"

namespace hub::workflows {

class Pin final : public operations::Workflow {
 public:
  enum class Way { keep, free };
  Pin(ArtifactKind kind, Way way, Tools tools) : artifact_kind_(kind), way_(way), tools_(tools) {}
  OperationKind kind() const override;
  // not_found: "not_installed"; conflict: "pin_mismatch", params.version is not the active one.
  Result<operations::Plan> resolve(const OperationRequest&) const override;
  std::vector<operations::Step> steps(const Json& intent) const override;
  Priority priority() const override { return Priority::interactive; }
  std::chrono::seconds undo_window() const override { return undo_window_of_artifacts; }

 private:
  ArtifactKind artifact_kind_;
  Way way_;
  Tools tools_;
};

}  // namespace hub::workflows
