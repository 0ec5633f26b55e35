#pragma once
// diagnostics.run: what is not as it should be on this hub. Changes nothing and succeeds whatever
// it finds; the findings are its result (diagnostics/report.hpp). Parameter `deep`: true reads
// every byte of the models.

#include "operations/workflow.hpp"
#include "workflows/tools.hpp"

namespace hub::workflows {

class DiagnosticsRun final : public operations::Workflow {
 public:
  explicit DiagnosticsRun(const Tools& tools) : tools_(tools) {}
  OperationKind kind() const override { return OperationKind("diagnostics.run"); }
  // invalid: "field_type".
  Result<operations::Plan> resolve(const OperationRequest&) const override;
  std::vector<operations::Step> steps(const Json& intent) const override;
  Priority priority() const override { return Priority::interactive; }

 private:
  Tools tools_;
};

}  // namespace hub::workflows
