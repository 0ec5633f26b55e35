// OperationStore, the feed: what happened, in commit order.

#include "store/operation_store.hpp"
#include "store/rows.hpp"

namespace hub::store {
namespace {

std::int64_t one_number(const sql::Rows& rows) { return sql::integer(rows.at(0).at(0)); }

}  // namespace

Result<std::vector<OperationEvent>> OperationStore::events_after(std::int64_t seq,
                                                                 std::int64_t limit) {
  return database_.read([&](sql::Connection& db) -> Result<std::vector<OperationEvent>> {
    const auto first = one_number(db.run("SELECT COALESCE(MIN(seq), 1) FROM operation_events"));
    const auto last = one_number(db.run("SELECT COALESCE(MAX(seq), 0) FROM operation_events"));
    if (seq + 1 < first || seq > last) {
      return fail(ErrorCode::not_found,
                  "cannot read events after " + std::to_string(seq) + ": the feed now holds " +
                      std::to_string(first) + " to " + std::to_string(last),
                  "feed_gone", "list the operations again, then go on from the last event",
                  {{"first_seq", first}, {"last_seq", last}});
    }
    std::vector<OperationEvent> events;
    for (const auto& row :
         db.run("SELECT seq, operation_id, kind, revision, from_status, status, at "
                "FROM operation_events WHERE seq > $1 ORDER BY seq LIMIT $2",
                {seq, limit})) {
      OperationEvent event;
      event.seq = sql::integer(row[0]);
      event.operation_id = OperationId(sql::text(row[1]));
      event.kind = OperationKind(sql::text(row[2]));
      event.revision = sql::integer(row[3]);
      if (!sql::is_null(row[4])) event.from = parse_name<OperationStatus>(sql::text(row[4]));
      event.status = parse_name<OperationStatus>(sql::text(row[5]));
      event.at = from_millis(sql::integer(row[6]));
      events.push_back(std::move(event));
    }
    return events;
  });
}

std::int64_t OperationStore::last_seq() {
  return database_.read([&](sql::Connection& db) {
    return one_number(db.run("SELECT COALESCE(MAX(seq), 0) FROM operation_events"));
  });
}

std::int64_t OperationStore::cursor(const std::string& consumer) {
  return database_.read([&](sql::Connection& db) {
    const auto rows = db.run("SELECT seq FROM feed_cursors WHERE consumer = $1", {consumer});
    return rows.empty() ? 0 : one_number(rows);
  });
}

void OperationStore::move_cursor(const std::string& consumer, std::int64_t seq) {
  database_.write([&](sql::Connection& db) {
    db.run(
        "INSERT INTO feed_cursors (consumer, seq, moved_at) VALUES ($1, $2, $3) "
        "ON CONFLICT (consumer) DO UPDATE SET seq = excluded.seq, moved_at = excluded.moved_at",
        {consumer, seq, to_millis(clock_.now())});
  });
}

}  // namespace hub::store
