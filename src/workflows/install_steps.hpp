#pragma once
// The steps that put one pinned artifact on this hub, shared by install and update:
//
//   fetch     its subtree at the pinned commit into staging
//   verify    the tree digest that was pinned
//   prepare   read the manifest; install a skill's pip packages beside it
//   activate  one rename (or exchange); registered in the transaction that marks the step done
//
// Every step of an artifact that is installed already with the same content does nothing.

#include "operations/workflow.hpp"
#include "workflows/pinned_artifact.hpp"
#include "workflows/tools.hpp"

namespace hub::workflows {

// `suffix` tells the steps of several artifacts apart: "" or " skill:notes_skill".
void add_install_steps(std::vector<operations::Step>& steps, const Tools& tools,
                       const std::string& commit, const PinnedArtifact& artifact,
                       const std::string& suffix);

}  // namespace hub::workflows
