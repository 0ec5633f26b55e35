#pragma once
// The shape of hub.db, as numbered steps that are never edited once released. Each ends by setting
// PRAGMA user_version to its own number.

#include "sql/connection.hpp"

namespace hub::store {

// Brings a file that examine() has accepted to the newest shape, a step a transaction: one that
// fails throws and leaves the file as it was.
void migrate(sql::Connection& db);

std::int64_t newest_schema();

// The step to that version, for tests that begin with an older shape.
sql::Query migration_script(std::int64_t version);

}  // namespace hub::store
