#pragma once
// The step `skills` of an install or update: the skills that come along are installed by children,
// all at once as far as they do not require each other. The first required one that fails ends the
// others. Its undo undoes those that were installed, by operations too, except for what something
// else needs by now or somebody has changed since. docs/decisions/0012-children.md.
//
// result.skills: [{"name", "version", "optional", "status", "operation_id"}]; result.kept: the
// names of those that an undo has left.

#include "operations/workflow.hpp"
#include "workflows/pinned_artifact.hpp"
#include "workflows/tools.hpp"
#include "workflows/version_choice.hpp"

namespace hub::workflows {

// Its error, "required_skill_failed", names the skill, its operation and what went wrong there.
operations::Step children_step(const Tools&, const InstallIntent&, Purpose);

}  // namespace hub::workflows
