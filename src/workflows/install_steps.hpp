#pragma once
// The steps that put one pinned artifact on this hub, shared by install and update:
//
//   fetch     its subtree at the pinned commit into a place of its own, in the slot not in use
//   verify    the tree digest that was pinned
//   prepare   read the manifest; install a skill's pip packages beside it
//   activate  one rename (slot_switch.hpp); registered in the transaction that marks the step done
//
// Every step of an artifact that is installed already with the same content does nothing.

#include "artifacts/preparation.hpp"
#include "operations/workflow.hpp"
#include "workflows/pinned_artifact.hpp"
#include "workflows/tools.hpp"

namespace hub::workflows {

// One artifact on its way.
struct Journey {
  Tools tools;
  std::string commit;  // of the registry
  PinnedArtifact artifact;
  std::string suffix;  // tells the steps of several apart: "" or " skill:notes_skill"
  std::optional<std::string> pin = {};  // the version it is kept at; absent: as it was
  artifacts::SkillTests tests = artifacts::SkillTests::leave_out;
};

void add_install_steps(std::vector<operations::Step>& steps, const Journey&);

}  // namespace hub::workflows
