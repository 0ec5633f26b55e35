#pragma once
// Looks at a file before anything opens it for writing: is it a hub's database, and of which shape?
// What it refuses is left as it is.

#include "base/files.hpp"
#include "base/result.hpp"
#include "sql/connection.hpp"

namespace hub::store {

// The version of its shape; 0: there is no such file, or an empty one.
// invalid: "base_directory_newer" (a newer hub wrote it), "database_foreign" (another program's),
// "database_incomplete" (tables are missing, or the file is while its log is there),
// "database_unreadable" (no database, or a damaged one); conflict: "database_busy".
//
// Not for a file that this process has open: it reads it past SQLite, and closing that would drop
// SQLite's locks.
Result<std::int64_t> examine(const fs::path& file);

// The same of an open one, without what is told by its first bytes.
Result<std::int64_t> examine_tables(sql::Connection&, const fs::path& file);

}  // namespace hub::store
