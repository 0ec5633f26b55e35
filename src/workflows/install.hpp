#pragma once
// skill.install, scenario.install and .update of both: put a published artifact on this hub, into
// the slot that is not in use. It brings the skills it requires that are missing here, each by a
// child (install_children.hpp); all of it happens or none. What a version is chosen by:
// version_choice.hpp. What comes along is in title_args.brings: [{"target": "skill:notes_skill",
// "version", "bytes", "optional"}].

#include "operations/workflow.hpp"
#include "workflows/pinned_artifact.hpp"
#include "workflows/tools.hpp"
#include "workflows/version_choice.hpp"

namespace hub::workflows {

class Install final : public operations::Workflow {
 public:
  Install(ArtifactKind kind, Purpose purpose, Tools tools)
      : artifact_kind_(kind), purpose_(purpose), tools_(tools) {}
  OperationKind kind() const override;
  int version() const override { return 3; }
  // 2: what comes along is installed by steps of the same operation.
  bool follows(int stored) const override { return stored == 2 || stored == 3; }
  // Those that wait for children hold a thread each. Children are skills, and wait for no such
  // slot.
  std::size_t slots() const override { return artifact_kind_ == ArtifactKind::scenario ? 16 : 0; }
  // What choose_version() refuses.
  Result<operations::Plan> resolve(const OperationRequest&) const override;
  std::vector<operations::Step> steps(const Json& intent) const override;
  void clean_up(const OperationId&) const override;
  Priority priority() const override { return Priority::interactive; }
  std::chrono::seconds undo_window() const override { return undo_window_of_artifacts; }

 private:
  operations::Plan plan_for(const InstallIntent&) const;

  ArtifactKind artifact_kind_;
  Purpose purpose_;
  Tools tools_;
};

}  // namespace hub::workflows
