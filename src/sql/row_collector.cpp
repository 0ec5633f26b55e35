#include "sql/row_collector.hpp"

#include <memory>

#include <sqlite3.h>

namespace hub::sql {
namespace {

int collect(const Fts5ExtensionApi* api, Fts5Context* match, void* into) {
  auto& collected = *static_cast<Collected*>(into);
  collected.rows.add(static_cast<std::uint64_t>(api->xRowid(match)));
  return --collected.left > 0 ? SQLITE_OK : SQLITE_DONE;
}

// hub_rows(table, pointer): all rows of the first phrase of the match, whatever row it is called
// on.
void hub_rows(const Fts5ExtensionApi* api, Fts5Context* match, sqlite3_context* answer, int given,
              sqlite3_value** values) {
  void* into = given == 1 ? sqlite3_value_pointer(values[0], collected_pointer) : nullptr;
  if (into == nullptr) {
    sqlite3_result_error_code(answer, SQLITE_MISUSE);
    return;
  }
  const int rc = api->xQueryPhrase(match, 0, into, collect);
  if (rc != SQLITE_OK && rc != SQLITE_DONE) {
    sqlite3_result_error_code(answer, rc);
    return;
  }
  sqlite3_result_int(answer, 1);
}

}  // namespace

bool add_row_collector(sqlite3* db) {
  fts5_api* api = nullptr;
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &statement, nullptr) != SQLITE_OK) return false;
  sqlite3_bind_pointer(statement, 1, static_cast<void*>(&api), "fts5_api_ptr", nullptr);
  sqlite3_step(statement);
  sqlite3_finalize(statement);
  return api != nullptr &&
         api->xCreateFunction(api, "hub_rows", nullptr, hub_rows, nullptr) == SQLITE_OK;
}

}  // namespace hub::sql
