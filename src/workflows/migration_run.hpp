#pragma once
// migration.run: takes over an existing AdaOS workspace: its skills and scenarios with their
// packages, their data and their pins. params.source: AdaOS's base directory, absolute. It may be
// the hub's own, on which AdaOS has worked before.
//
// The workspace is only read. In the hub's own directory the last step puts links in the place of
// AdaOS's directories, which stay in workspace/.slots/kept. What is installed here already is left
// as it is. What was taken over, what was not and why is the result (migration/report.hpp), and the
// outlook of a dry run. The steps: migration_steps.hpp.

#include "operations/workflow.hpp"
#include "workflows/tools.hpp"

namespace hub::workflows {

class MigrationRun final : public operations::Workflow {
 public:
  explicit MigrationRun(const Tools& tools) : tools_(tools) {}
  OperationKind kind() const override { return OperationKind("migration.run"); }
  // invalid: "source_missing" when the parameter is; what migration::find_workspace() and
  // take_inventory() refuse.
  Result<operations::Plan> resolve(const OperationRequest&) const override;
  std::vector<operations::Step> steps(const Json& intent) const override;
  void clean_up(const OperationId&) const override;
  std::chrono::seconds deadline() const override { return std::chrono::hours(24 * 7); }
  std::chrono::seconds undo_window() const override { return undo_window_of_artifacts; }

 private:
  Tools tools_;
};

}  // namespace hub::workflows
