#pragma once
// registry.refresh: ask the registry for its catalogue now.

#include "operations/workflow.hpp"
#include "workflows/tools.hpp"

namespace hub::workflows {

// Fetches the catalogue; what it found goes into the result as "entries" and "commit", and
// "changed": false when the registry still has what it had, so that nothing was read.
operations::Step refresh_step(const Tools& tools);

class RegistryRefresh final : public operations::Workflow {
 public:
  explicit RegistryRefresh(Tools tools) : tools_(tools) {}
  OperationKind kind() const override { return OperationKind("registry.refresh"); }
  Result<operations::Plan> resolve(const OperationRequest&) const override;
  std::vector<operations::Step> steps(const Json& intent) const override;

 private:
  Tools tools_;
};

}  // namespace hub::workflows
