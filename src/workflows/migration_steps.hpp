#pragma once
// The steps of migration.run:
//
//   copy      every artifact with its packages and data to where it will lie, and to staging
//   verify    the copies are what was planned, and the workspace has not changed meanwhile
//   prepare   each skill is tried here; packages that do not work here are installed anew. One that
//             does not run is left out, with the reason; the others go on
//   activate  one rename for each, all registered in the transaction that marks the step done
//
// The first three note each artifact that is done, so that a restart goes on with the next one.

#include "migration/report.hpp"
#include "operations/workflow.hpp"
#include "workflows/tools.hpp"

namespace hub::workflows {

struct MigrationIntent {
  migration::Report report;
  std::vector<migration::FoundArtifact> artifacts;  // to be taken over, skills first
};
BOOST_DESCRIBE_STRUCT(MigrationIntent, (), (report, artifacts))

std::vector<operations::Step> migration_steps(const Tools&, MigrationIntent);

// Makes the report the operation's result.
void tell(const migration::Report&, operations::StepContext&);

}  // namespace hub::workflows
