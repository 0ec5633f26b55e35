#pragma once
// The shape of hub.db, as numbered steps that are never edited once released. Each ends by setting
// PRAGMA user_version to its own number.

#include "base/files.hpp"
#include "base/result.hpp"
#include "sql/connection.hpp"

namespace hub::store {

// Brings the file to the newest shape. invalid: a newer hub wrote it; nothing is touched then.
Result<> migrate(sql::Connection& db, const fs::path& file);

std::int64_t newest_schema();

}  // namespace hub::store
