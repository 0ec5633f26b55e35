#pragma once
// skill.push and scenario.push: publish an artifact in this hub's registry, by the same path as the
// command line (registry/push.hpp).
//
//   collect   a copy of what was looked at when the request was accepted, into staging
//   publish   final: the push; whether it landed is asked of the registry, so that a push that was
//             cut off in the middle is not made twice
//   refresh   the hub's catalogue shows it
//
// Parameters: `upload` or `directory` (dev_space.hpp), `message` (subject of the commit),
// `publisher` (the owner's name as the catalogue shows it; left out, it stays as it is). Its
// result:
// {"target_kind", "target_id", "version", "tree", "commit", "status": "published" or
// "already_published"}.

#include "operations/workflow.hpp"
#include "workflows/tools.hpp"

namespace hub::workflows {

class Push final : public operations::Workflow {
 public:
  Push(ArtifactKind kind, Tools tools) : artifact_kind_(kind), tools_(tools) {}
  OperationKind kind() const override;
  // Every refusal of registry/push_candidate.hpp and dev_space.hpp, and what the catalogue as it is
  // known here rules out already: version_not_newer, version_content_changed.
  Result<operations::Plan> resolve(const OperationRequest&) const override;
  std::vector<operations::Step> steps(const Json& intent) const override;
  void clean_up(const OperationId&) const override;
  Priority priority() const override { return Priority::interactive; }

 private:
  ArtifactKind artifact_kind_;
  Tools tools_;
};

}  // namespace hub::workflows
