// The reading half of OperationStore: states and lists, what is installed.

#include "store/live_index.hpp"
#include "store/operation_store.hpp"
#include "store/rendering.hpp"
#include "store/rows.hpp"

namespace hub::store {

std::optional<OperationState> OperationStore::find(const OperationId& id) {
  return database_.read([&](sql::Connection& db) -> std::optional<OperationState> {
    const auto rows =
        db.run("SELECT n, state FROM operations WHERE operation_id = $1", {id.text()});
    if (rows.empty()) return std::nullopt;
    return Rendering(db, *live_, clock_.now()).state(rows[0]);
  });
}

std::optional<OperationRecord> OperationStore::find_record(const OperationId& id) {
  return database_.read([&](sql::Connection& db) -> std::optional<OperationRecord> {
    const auto stored = load(db, id);
    if (!stored) return std::nullopt;
    return read_record(db, *stored);
  });
}

// The same question several times, each answered by an index: of one parent, of what is live, of
// what ended by target, outcome or kind, of everything by age. What is live is not in those of the
// ended, so that accepting writes none of them.
#define HUB_LIST_REST                                                        \
  "AND ($1 IS NULL OR webspace_id = $1) AND ($2 IS NULL OR kind = $2) AND "  \
  "($3 IS NULL OR target_kind = $3) AND ($4 IS NULL OR target_id = $4) AND " \
  "($5 IS NULL OR operation_id < $5) AND ($6 IS NULL OR status = $6 OR "     \
  "($6 = 'active' AND finished_at IS NULL)) ORDER BY operation_id DESC LIMIT $7"
#define HUB_LIST_LIVE                                                                   \
  "SELECT n, state, operation_id FROM operations WHERE n IN (SELECT n FROM operations " \
  "WHERE finished_at IS NULL) " HUB_LIST_REST
#define HUB_LIST_WITH_ENDED(condition)                                                        \
  "SELECT n, state FROM (SELECT * FROM (" HUB_LIST_LIVE                                       \
  ") UNION ALL SELECT * FROM (SELECT n, state, operation_id FROM operations WHERE " condition \
  " " HUB_LIST_REST ")) ORDER BY operation_id DESC LIMIT $7"

std::vector<OperationState> OperationStore::list(const OperationFilter& filter) {
  return database_.read([&](sql::Connection& db) {
    const std::array params{text_param(filter.webspace_id), text_param(filter.kind),
                            text_param(filter.target_kind), text_param(filter.target_id),
                            text_param(filter.after),       text_param(filter.status),
                            sql::Param(filter.limit),       text_param(filter.parent_id)};
    const auto run = [&](sql::Query query) {
      return db.run_with(query, std::span(params).first(7));
    };
    sql::Rows rows;
    if (!filter.parent_id.empty()) {
      rows = db.run_with("SELECT n, state FROM operations WHERE parent_id = $8 " HUB_LIST_REST,
                         std::span(params));
    } else if (filter.status == "active") {
      rows = run(HUB_LIST_LIVE);
    } else if (!filter.target_id.empty()) {
      rows = run(HUB_LIST_WITH_ENDED("finished_at IS NOT NULL AND target_id = $4"));
    } else if (filter.status == "failed" || filter.status == "cancelled") {
      rows =
          run("SELECT n, state FROM operations WHERE status IN ('failed', 'cancelled') "
              "AND status = $6 " HUB_LIST_REST);
    } else if (!filter.kind.empty()) {
      rows = run(HUB_LIST_WITH_ENDED("finished_at IS NOT NULL AND kind = $2"));
    } else {
      rows = run("SELECT n, state FROM operations WHERE TRUE " HUB_LIST_REST);
    }
    return Rendering(db, *live_, clock_.now()).states(rows);
  });
}

#undef HUB_LIST_WITH_ENDED
#undef HUB_LIST_LIVE
#undef HUB_LIST_REST

std::int64_t OperationStore::live_count() const { return live_->count(); }

std::vector<OperationState> OperationStore::live() {
  return database_.read([&](sql::Connection& db) {
    return Rendering(db, *live_, clock_.now())
        .states(db.run("SELECT n, state FROM operations WHERE n IN "
                       "(SELECT n FROM operations WHERE finished_at IS NULL) ORDER BY n"));
  });
}

std::vector<OperationState> OperationStore::recent(const std::string& webspace_id,
                                                   std::int64_t ended_max) {
  return database_.read([&](sql::Connection& db) {
    return Rendering(db, *live_, clock_.now())
        .states(db.run("SELECT n, state FROM (SELECT n, state FROM operations "
                       "WHERE webspace_id = $1 AND finished_at IS NULL "
                       "UNION ALL SELECT * FROM (SELECT n, state FROM operations "
                       "WHERE webspace_id = $1 AND finished_at IS NOT NULL "
                       "ORDER BY finished_at DESC, n DESC LIMIT $2)) ORDER BY n",
                       {webspace_id, ended_max}));
  });
}

std::vector<OperationState> OperationStore::children_of(const OperationId& parent) {
  return database_.read([&](sql::Connection& db) {
    return Rendering(db, *live_, clock_.now())
        .states(db.run("SELECT n, state FROM operations WHERE parent_id = $1 ORDER BY n",
                       {parent.text()}));
  });
}

std::vector<OperationState> OperationStore::contenders(std::span<const LockRequest> locks) {
  return states_of(live_->locks().contenders(locks));
}

std::vector<UnreadableOperation> OperationStore::unreadable() const { return live_->unreadable(); }

// Of those that are live still.
std::vector<OperationState> OperationStore::states_of(std::span<const Place> places) {
  if (places.empty()) return {};
  return database_.read([&](sql::Connection& db) {
    sql::Rows rows;
    for (const auto place : places) {
      auto found =
          db.run("SELECT n, state FROM operations WHERE n = $1 AND finished_at IS NULL", {place});
      if (!found.empty()) rows.push_back(std::move(found[0]));
    }
    return Rendering(db, *live_, clock_.now()).states(rows);
  });
}

std::vector<OperationState> OperationStore::successors_of(const OperationId& id) {
  return database_.read([&](sql::Connection& db) {
    return Rendering(db, *live_, clock_.now())
        .states(db.run("SELECT n, state FROM operations WHERE (retry_of = $1 OR undo_of = $1) AND "
                       "(finished_at IS NULL OR status = 'succeeded') ORDER BY n",
                       {id.text()}));
  });
}

std::vector<OperationState> OperationStore::later_changes(const OperationState& than) {
  return database_.read([&](sql::Connection& db) {
    return Rendering(db, *live_, clock_.now())
        .states(db.run(
            "SELECT DISTINCT o.n, o.state FROM operations than, json_each(than.locks) l "
            "JOIN operation_changes its ON its.n = than.n AND its.resource = l.key "
            "JOIN operation_changes c ON c.resource = l.key AND c.finished_at > its.finished_at "
            "JOIN operations o ON o.n = c.n "
            "WHERE than.operation_id = $1 AND l.value = 'exclusive' AND NOT EXISTS "
            "(SELECT 1 FROM operations child, json_each(child.locks) of_child "
            "WHERE child.parent_id = $1 AND of_child.key = l.key AND of_child.value = 'exclusive') "
            "ORDER BY o.n",
            {than.operation_id.text()}));
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
