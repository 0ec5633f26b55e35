// The reading half of OperationStore: lists, the feed, what is installed.

#include "store/operation_store.hpp"
#include "store/rows.hpp"

namespace hub::store {

std::optional<OperationState> OperationStore::find(const OperationId& id) {
  return database_.read([&](sql::Connection& db) { return load(db, id); });
}

std::vector<OperationState> OperationStore::list(const OperationFilter& filter) {
  const auto given = [](const std::string& text) {
    return text.empty() ? sql::Value{} : sql::Value{text};
  };
  return database_.read([&](sql::Connection& db) {
    std::vector<OperationState> states;
    for (const auto& row :
         db.run("SELECT state FROM operations WHERE ($1 IS NULL OR webspace_id = $1) AND "
                "($2 IS NULL OR status = $2) AND ($3 IS NULL OR kind = $3) AND "
                "($4 IS NULL OR target_kind = $4) AND ($5 IS NULL OR target_id = $5) AND "
                "($6 IS NULL OR operation_id < $6) ORDER BY operation_id DESC LIMIT $7",
                {given(filter.webspace_id), given(filter.status), given(filter.kind),
                 given(filter.target_kind), given(filter.target_id), given(filter.after),
                 filter.limit})) {
      states.push_back(read_state(row[0]));
    }
    return states;
  });
}

std::int64_t OperationStore::live_count() {
  return database_.read([&](sql::Connection& db) {
    return sql::integer(
        db.run("SELECT COUNT(*) FROM operations WHERE finished_at IS NULL").at(0).at(0));
  });
}

std::int64_t OperationStore::ready_count() {
  return database_.read([&](sql::Connection& db) {
    return sql::integer(
        db.run("SELECT COUNT(*) FROM operations WHERE status = 'accepted'").at(0).at(0));
  });
}

std::vector<OperationState> OperationStore::live() {
  return database_.read([&](sql::Connection& db) {
    std::vector<OperationState> states;
    for (const auto& row :
         db.run("SELECT state FROM operations WHERE finished_at IS NULL ORDER BY operation_id")) {
      states.push_back(read_state(row[0]));
    }
    return states;
  });
}

std::vector<OperationState> OperationStore::recent(const std::string& webspace_id,
                                                   std::int64_t ended_max) {
  return database_.read([&](sql::Connection& db) {
    std::vector<OperationState> states;
    for (const auto& row : db.run(
             "SELECT state FROM (SELECT operation_id, state FROM operations WHERE webspace_id = $1 "
             "AND finished_at IS NULL UNION ALL SELECT * FROM (SELECT operation_id, state FROM "
             "operations WHERE webspace_id = $1 AND finished_at IS NOT NULL "
             "ORDER BY finished_at DESC, operation_id DESC LIMIT $2)) ORDER BY operation_id",
             {webspace_id, ended_max})) {
      states.push_back(read_state(row[0]));
    }
    return states;
  });
}

std::vector<OperationNotification> OperationStore::notifications(const std::string& webspace_id,
                                                                 std::int64_t max) {
  return database_.read([&](sql::Connection& db) {
    std::vector<OperationNotification> found;
    for (const auto& row :
         db.run("SELECT body FROM (SELECT body, at, id FROM notifications WHERE webspace_id = $1 "
                "ORDER BY at DESC, id DESC LIMIT $2) ORDER BY at, id",
                {webspace_id, max})) {
      found.push_back(read_json<OperationNotification>(row[0], "notifications.body"));
    }
    return found;
  });
}

std::vector<OperationEvent> OperationStore::events_after(std::int64_t seq, std::int64_t limit) {
  return database_.read([&](sql::Connection& db) {
    std::vector<OperationEvent> events;
    for (const auto& row :
         db.run("SELECT seq, operation_id, revision, status FROM operation_events "
                "WHERE seq > $1 ORDER BY seq LIMIT $2",
                {seq, limit})) {
      OperationStatus status{};
      boost::describe::enum_from_string(sql::text(row[3]).c_str(), status);
      events.push_back(
          {sql::integer(row[0]), OperationId(sql::text(row[1])), sql::integer(row[2]), status});
    }
    return events;
  });
}

std::int64_t OperationStore::last_seq() {
  return database_.read([&](sql::Connection& db) {
    return sql::integer(db.run("SELECT COALESCE(MAX(seq), 0) FROM operation_events").at(0).at(0));
  });
}

std::vector<InstalledArtifact> OperationStore::installed() {
  return database_.read([&](sql::Connection& db) {
    std::vector<InstalledArtifact> found;
    for (const auto& row : db.run("SELECT body FROM installed_artifacts ORDER BY kind, name")) {
      found.push_back(read_json<InstalledArtifact>(row[0], "installed_artifacts.body"));
    }
    return found;
  });
}

std::optional<InstalledArtifact> OperationStore::find_installed(ArtifactKind kind,
                                                                const std::string& name) {
  return database_.read([&](sql::Connection& db) -> std::optional<InstalledArtifact> {
    const auto rows = db.run("SELECT body FROM installed_artifacts WHERE kind = $1 AND name = $2",
                             {to_text(kind), name});
    if (rows.empty()) return std::nullopt;
    return read_json<InstalledArtifact>(rows[0][0], "installed_artifacts.body");
  });
}

}  // namespace hub::store
