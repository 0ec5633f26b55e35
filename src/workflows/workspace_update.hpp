#pragma once
// workspace.update, "Update skills & scenarios": ask the registry, then bring every installed
// artifact that has a newer version (or other bytes under the same one) up to date. All of it
// happens or none.

#include "operations/workflow.hpp"
#include "workflows/tools.hpp"

namespace hub::workflows {

class WorkspaceUpdate final : public operations::Workflow {
 public:
  explicit WorkspaceUpdate(Tools tools) : tools_(tools) {}
  OperationKind kind() const override { return OperationKind("workspace.update"); }
  Result<operations::Plan> resolve(const OperationRequest&) const override;
  std::vector<operations::Step> steps(const Json& intent) const override;
  void clean_up(const OperationId&) const override;

 private:
  Tools tools_;
};

}  // namespace hub::workflows
