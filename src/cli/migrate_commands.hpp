#pragma once
// `migrate`: starts a migration.run, or asks for its plan, and shows what becomes of each artifact.
// Exit code as any operation that is watched.

#include "base/time.hpp"
#include "cli/command_line.hpp"
#include "cli/text.hpp"

namespace hub::cli {

int run(const Migrate&, const Clock&);

// The table of a report: a dry run's outlook, or the result (migration/report.hpp).
Lines migration_lines(const boost::json::object& report, int columns);

}  // namespace hub::cli
