#include "store/locks.hpp"

#include "store/rows.hpp"

namespace hub::store {
namespace {

std::vector<OperationId> ids(const sql::Rows& rows) {
  std::vector<OperationId> found;
  for (const auto& row : rows) found.emplace_back(sql::text(row[0]));
  return found;
}

}  // namespace

void take_place(sql::Connection& db, const OperationId& id, const std::vector<LockRequest>& locks) {
  const auto place =
      sql::integer(db.run("SELECT COALESCE(MAX(place), 0) + 1 FROM operation_locks").at(0).at(0));
  for (const auto& lock : locks) {
    db.run(
        "INSERT INTO operation_locks (resource, operation_id, mode, granted, place) "
        "VALUES ($1, $2, $3, 0, $4)",
        {lock.resource.text(), id.text(), name_of(lock.mode), place});
  }
}

Grant try_grant(sql::Connection& db, const OperationId& id) {
  if (!blockers_of(db, id).empty()) return Grant::waits;
  db.run("UPDATE operation_locks SET granted = 1 WHERE operation_id = $1", {id.text()});
  return Grant::granted;
}

std::vector<OperationId> blockers_of(sql::Connection& db, const OperationId& id) {
  return ids(db.run(
      "SELECT other.operation_id FROM operation_locks mine "
      "JOIN operation_locks other ON other.resource = mine.resource "
      "AND other.operation_id <> mine.operation_id "
      "WHERE mine.operation_id = $1 AND (mine.mode = 'exclusive' OR other.mode = 'exclusive') "
      "AND (other.granted = 1 OR other.place < mine.place) "
      "GROUP BY other.operation_id ORDER BY MIN(other.place)",
      {id.text()}));
}

std::vector<OperationId> waiting(sql::Connection& db) {
  return ids(
      db.run("SELECT operation_id FROM operation_locks WHERE granted = 0 "
             "GROUP BY operation_id ORDER BY MIN(place)"));
}

std::vector<OperationId> release(sql::Connection& db, const OperationId& id) {
  db.run("DELETE FROM operation_locks WHERE operation_id = $1", {id.text()});
  std::vector<OperationId> granted;
  for (const auto& candidate : waiting(db)) {
    if (try_grant(db, candidate) == Grant::granted) granted.push_back(candidate);
  }
  return granted;
}

}  // namespace hub::store
