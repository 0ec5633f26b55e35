#pragma once
// workspace.update, "Update skills & scenarios": asks the registry, then brings every installed
// artifact that has a newer version (or other bytes under the same one) up to date. What is newer
// is decided when the request is accepted; the plan is in title_args.artifacts: [{"target":
// "skill:notes_skill", "from": "1.0.0", "to": "2.0.0", "breaking": true, "bytes": 4096}]. What is
// pinned, and a version that failed here before, is passed over with a warning. Each artifact is an
// operation of its own, skill.update or scenario.update, skills before scenarios; one that fails
// takes itself back and leaves the others alone.
//
// Its result: {"updated": 2, "failed": [{"target": "skill:notes_skill", "operation_id", "error"}],
// "more_available": 0}. Any failed: it fails too, "update_incomplete".

#include "operations/workflow.hpp"
#include "workflows/tools.hpp"

namespace hub::workflows {

class WorkspaceUpdate final : public operations::Workflow {
 public:
  explicit WorkspaceUpdate(Tools tools) : tools_(tools) {}
  OperationKind kind() const override { return OperationKind("workspace.update"); }
  int version() const override { return 3; }
  Result<operations::Plan> resolve(const OperationRequest&) const override;
  std::vector<operations::Step> steps(const Json& intent) const override;

 private:
  Tools tools_;
};

}  // namespace hub::workflows
