#pragma once
// The last step of migration.run, and its undo. For each artifact:
//
//   .runtime/<name>  what stands there goes to .slots/kept/runtime/<name>.<op>, and stays there
//   data             from staging to .runtime/<name>/data
//   the name         leads to the copy (slot_switch.hpp); AdaOS's own directory, if that is where
//                    we are, goes to .slots/kept
//
// All of it is decided and noted before anything is touched. The undo goes the same way back; what
// a skill has kept since is thrown away with the operation.

#include "migration/report.hpp"
#include "operations/workflow.hpp"
#include "workflows/migration_steps.hpp"

namespace hub::workflows {

// Everything that is on its way.
struct Removal {
  Tools tools;
  MigrationIntent intent;

  std::string place(const operations::StepContext&, const migration::FoundArtifact&) const;
  fs::path source(const operations::StepContext&, const migration::FoundArtifact&) const;
  fs::path packages(const operations::StepContext&, const migration::FoundArtifact&) const;
  fs::path data(const operations::StepContext&, const migration::FoundArtifact&) const;
};

// What an earlier step has noted of it: a word, or empty.
std::string outcome_of(const operations::StepContext&, const char* step,
                       const migration::FoundArtifact&);

// A step of its own, whose undo comes when nothing is registered any more: a hub that starts writes
// the markers of what is, over whatever lies there.
inline constexpr const char* data_step = "data";
Result<> bring_data(const Removal&, operations::StepContext&);
Result<> take_data_back(const Removal&, operations::StepContext&);

Result<> activate(const Removal&, operations::StepContext&);
Result<> deactivate(const Removal&, operations::StepContext&);

}  // namespace hub::workflows
