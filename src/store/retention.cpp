// OperationStore, retention: what ended operations have left, and what is forgotten when.

#include "store/operation_store.hpp"
#include "store/rows.hpp"

namespace hub::store {
namespace {

constexpr std::chrono::hours events_kept{24};
constexpr std::chrono::hours cursor_patience{24 * 7};
constexpr std::chrono::hours notifications_kept{24 * 7};
constexpr std::int64_t notifications_max = 200;  // of one webspace

std::int64_t prune_operations(sql::Connection& db, Time now, std::int64_t limit,
                              std::vector<OperationId>& forgotten) {
  for (const auto& row :
       db.run("SELECT n, operation_id FROM operations WHERE expires_at IS NOT NULL AND "
              "expires_at <= $1 AND NOT EXISTS (SELECT 1 FROM operation_clean_ups c "
              "WHERE c.n = operations.n) ORDER BY expires_at LIMIT $2",
              {to_millis(now), limit})) {
    db.run("DELETE FROM operations WHERE n = $1", {sql::integer(row[0])});
    forgotten.emplace_back(sql::text(row[1]));
  }
  return static_cast<std::int64_t>(forgotten.size());
}

// From the front, so that what is left has no holes. The last one stays: it carries the number.
std::int64_t prune_events(sql::Connection& db, Time now, std::int64_t limit) {
  const auto old = to_millis(now - events_kept);
  const auto too_old = to_millis(now - cursor_patience);
  db.run(
      "DELETE FROM operation_events WHERE seq < COALESCE("
      // the first one that has to stay, of the next few
      "(SELECT MIN(seq) FROM (SELECT seq, at FROM operation_events ORDER BY seq LIMIT $3) "
      " WHERE at >= $1 OR (at >= $2 AND seq > (SELECT MIN(seq) FROM feed_cursors))), "
      "(SELECT MIN(seq) + $3 FROM operation_events)) "
      "AND seq < (SELECT MAX(seq) FROM operation_events)",
      {old, too_old, limit});
  return db.changes();
}

std::int64_t prune_notifications(sql::Connection& db, Time now, std::int64_t limit) {
  std::int64_t gone = 0;
  for (const auto& row : db.run("SELECT DISTINCT webspace_id FROM notifications")) {
    const auto& webspace_id = sql::text(row[0]);
    db.run(
        "DELETE FROM notifications WHERE id IN (SELECT id FROM notifications "
        "WHERE webspace_id = $1 AND (at < $2 OR at < (SELECT at FROM notifications "
        "WHERE webspace_id = $1 ORDER BY at DESC, id DESC LIMIT 1 OFFSET $3)) "
        "ORDER BY at LIMIT $4)",
        {webspace_id, to_millis(now - notifications_kept), notifications_max - 1, limit});
    gone += db.changes();
  }
  return gone;
}

}  // namespace

std::vector<CleanUp> OperationStore::due_clean_ups(std::int64_t limit) {
  return database_.read([&](sql::Connection& db) {
    std::vector<CleanUp> due;
    for (const auto& row :
         db.run("SELECT operation_id, kind FROM operation_clean_ups c JOIN operations o USING (n) "
                "WHERE due_at <= $1 AND NOT EXISTS (SELECT 1 FROM operations u "
                "WHERE u.undo_of = o.operation_id AND u.finished_at IS NULL) "
                // a parent may still take it back
                "AND NOT EXISTS (SELECT 1 FROM operations p WHERE p.operation_id = o.parent_id "
                "AND p.finished_at IS NULL) AND NOT EXISTS (SELECT 1 FROM operations pu "
                "WHERE pu.undo_of = o.parent_id AND pu.finished_at IS NULL) "
                "ORDER BY due_at LIMIT $2",
                {to_millis(clock_.now()), limit})) {
      due.push_back({OperationId(sql::text(row[0])), OperationKind(sql::text(row[1]))});
    }
    return due;
  });
}

void OperationStore::cleaned_up(const OperationId& id) {
  database_.write([&](sql::Connection& db) {
    const auto rows = db.run(
        "SELECT n, status FROM operations WHERE operation_id = $1 AND finished_at IS NOT NULL",
        {id.text()});
    if (rows.empty()) return;
    const auto n = sql::integer(rows[0][0]);
    db.run("DELETE FROM operation_clean_ups WHERE n = $1", {n});
    db.run("DELETE FROM operation_steps WHERE n = $1", {n});
    if (sql::text(rows[0][1]) == name_of(OperationStatus::succeeded)) {
      db.run("DELETE FROM operation_plans WHERE n = $1", {n});
    } else {  // a retry asks the same again
      db.run("UPDATE operation_plans SET intent = NULL WHERE n = $1", {n});
    }
  });
}

std::vector<OperationId> OperationStore::not_cleaned_up() {
  return database_.read([](sql::Connection& db) {
    std::vector<OperationId> ids;
    for (const auto& row : db.run("SELECT operation_id FROM operations WHERE n IN "
                                  "(SELECT n FROM operations WHERE finished_at IS NULL UNION ALL "
                                  "SELECT n FROM operation_clean_ups)")) {
      ids.emplace_back(sql::text(row[0]));
    }
    return ids;
  });
}

std::int64_t OperationStore::prune(std::int64_t limit, std::vector<OperationId>& forgotten) {
  std::vector<OperationId> gone;
  const auto count = database_.write([&](sql::Connection& db) {
    gone.clear();
    const Time now = clock_.now();
    return prune_operations(db, now, limit, gone) + prune_events(db, now, limit) +
           prune_notifications(db, now, limit);
  });
  forgotten.insert(forgotten.end(), gone.begin(), gone.end());
  return count;
}

}  // namespace hub::store
