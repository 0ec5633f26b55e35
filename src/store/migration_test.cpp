#include <doctest/doctest.h>

#include "store/conformance.hpp"
#include "store/hub_file.hpp"
#include "store/migrations.hpp"

namespace hub::store {
namespace {

// A hub.db as version 1 of its shape was left by a hub: rows as that hub's code wrote them.
void make_version_1(const fs::path& file) {
  const auto db = sql::open_sqlite(file.string());
  db->transaction([&] { db->run_script(migration_script(1)); });
  db->run("INSERT INTO meta VALUES ('feed_id', '0011223344556677'), ('boot_epoch', '4')");
  const auto operation = [&](const std::string& id, const std::string& status, bool ended) {
    const std::string state =
        R"({"operation_id":")" + id +
        R"(","kind":"skill.install","target_kind":"skill","target_id":"weather","status":")" +
        status +
        R"(","progress":null,"message":"installing","current_step":null,"started_at":null,)" +
        R"("updated_at":"2026-01-02T03:04:06.000Z","finished_at":)" +
        (ended ? R"("2026-01-02T03:04:06.000Z")" : "null") +
        R"(,"result":null,"error":null,"initiator":{"kind":"user","id":"browser"},"scope":[],)" +
        R"("can_cancel":true,"can_retry":false,"retry_of":null,"attempt":1,)" +
        R"("webspace_id":"desktop","revision":2,"created_at":"2026-01-02T03:04:05.600Z",)" +
        R"("effects":")" + (ended ? "applied" : "none") +
        R"(","cancel_effect":"none","resources":["skill:weather"],"steps":[],)" +
        R"("title_key":"operation.skill.install","title_args":{}})";
    db->run(
        "INSERT INTO operations VALUES ($1, 'skill.install', 1, 'skill', 'weather', 'desktop', $2, "
        "2, 4, $1, NULL, '{\"name\":\"weather\"}', $3, 1767323045600, 1767323046000, $4)",
        {id, status, state, ended ? sql::Param(1767323046000) : sql::Param()});
    db->run(
        "INSERT INTO operation_events (operation_id, revision, status, at) VALUES "
        "($1, 1, 'accepted', 1767323045600), ($1, 2, $2, 1767323046000)",
        {id, status});
  };
  operation("op_1", "succeeded", true);
  operation("op_2", "running", false);
  operation("op_3", "accepted", false);
  db->run(
      "INSERT INTO operation_steps (operation_id, step_no, name, phase, epoch, crashes, notes) "
      "VALUES ('op_1', 0, 'fetch', 'done', 4, 0, '{}'), "
      "('op_2', 0, 'fetch', 'intent', 4, 1, '{\"inode\":7}')");
  db->run(
      "INSERT INTO operation_locks VALUES ('skill:weather', 'op_2', 'exclusive', 1, 1), "
      "('skill:weather', 'op_3', 'exclusive', 0, 2)");
  db->run("UPDATE operations SET idempotency_key = 'k1' WHERE operation_id = 'op_3'");
  db->run(
      "INSERT INTO notifications VALUES ('notif:op_1:success', 'op_1', 'desktop', "
      "'{\"id\":\"notif:op_1:success\",\"level\":\"success\",\"message\":\"done\","
      "\"operation_id\":\"op_1\",\"target_kind\":\"skill\",\"target_id\":\"weather\","
      "\"ts\":\"2026-01-02T03:04:06.000Z\",\"message_key\":\"k\",\"message_args\":{}}', "
      "1767323046000)");
}

// The same, as every later shape but the newest has taken it over.
void make_version(std::int64_t version, const fs::path& file) {
  make_version_1(file);
  const auto db = sql::open_sqlite(file.string());
  for (std::int64_t next = 2; next <= version; ++next) {
    db->transaction([&] { db->run_script(migration_script(next)); });
  }
}

TEST_CASE("a database of an earlier version goes on working: live, waiting and ended operations") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "hub.db";
  std::int64_t version = 0;
  SUBCASE("1") { version = 1; }
  SUBCASE("2") { version = 2; }
  REQUIRE(version > 0);
  make_version(version, file);
  CHECK(examine(file).value() == version);
  const ManualClock clock(parse_time("2026-01-02T04:00:00.000Z").value());
  auto database = Database::open(file);
  REQUIRE(database);
  CHECK((*database)->boot_epoch() == 5);
  CHECK((*database)->feed_id() == "0011223344556677");
  CHECK((*database)->check_integrity().empty());
  OperationStore store(**database, clock);
  CHECK(store.unreadable().empty());
  CHECK(store.live_count() == 2);

  const auto ended = store.find(OperationId("op_1"));
  REQUIRE(ended);
  CHECK(ended->priority == Priority::normal);
  CHECK(ended->log_href == "/api/operations/op_1/log");
  CHECK(ended->expires_at == *ended->finished_at + std::chrono::hours(24 * 30));
  CHECK(store.due_clean_ups(10).size() == 1);
  CHECK(store.notifications("desktop", 10).size() == 1);

  const auto orphans = store.adopt_orphans();
  REQUIRE(orphans.size() == 1);
  CHECK(orphans[0].state.operation_id == OperationId("op_2"));
  CHECK(orphans[0].intent.at("name") == "weather");
  CHECK(orphans[0].steps.at(0).crashes == 2);
  CHECK(orphans[0].steps.at(0).notes.at("inode") == 7);
  const std::vector kinds{OperationKind("skill.install")};
  CHECK_FALSE(store.claim(kinds, Priority::normal));  // op_3 waits for op_2
  REQUIRE(store.advance(OperationId("op_2"), {.status = OperationStatus::succeeded}));
  CHECK(store.claim(kinds, Priority::normal)->state.operation_id == OperationId("op_3"));

  const auto events = store.events_after(0, 100).value();
  REQUIRE(events.size() >= 6);
  CHECK(events[0].kind == OperationKind("skill.install"));
  CHECK_FALSE(events[0].from);
  CHECK(events[1].from == OperationStatus::accepted);
  CHECK(events[1].status == OperationStatus::succeeded);
  NewOperation again;
  again.state.operation_id = OperationId("op_4");
  again.state.initiator = {"user", "browser"};
  again.idempotency_key = "k1";
  again.fingerprint = "op_3";
  CHECK(store.accept(again)->state.operation_id == OperationId("op_3"));
}

TEST_CASE("what was installed in a plain directory stays installed, in no slot yet") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "hub.db";
  make_version(3, file);
  const std::string body =
      R"({"kind":"skill","name":"weather","id":"weather","title":"","title_i18n":{},)"
      R"("version":"1.0.0","tree":"sha256:1","commit":"c","requires_skills":[],)"
      R"("installed_at":"2026-01-02T03:04:06.000Z","updated_at":"2026-01-02T03:04:06.000Z",)"
      R"("operation_id":"op_1"})";
  sql::open_sqlite(file.string())
      ->run("INSERT INTO installed_artifacts VALUES ('skill', 'weather', $1)", {body});
  const ManualClock clock(parse_time("2026-01-02T04:00:00.000Z").value());
  auto database = Database::open(file);
  REQUIRE(database);
  OperationStore store(**database, clock);
  const auto found = store.find_installed(ArtifactKind::skill, "weather");
  REQUIRE(found);
  CHECK(found->version == "1.0.0");
  CHECK(found->place.empty());
  CHECK_FALSE(found->previous);
  CHECK_FALSE(found->pin);
  CHECK(found->held.empty());
}

TEST_CASE("a migration that fails leaves the file as it was") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "hub.db";
  make_version_1(file);
  const auto dump = [&] {
    const auto db = sql::open_sqlite(file.string(), sql::Access::read_only);
    auto rows = db->run("SELECT type, name, sql FROM sqlite_schema ORDER BY name");
    for (auto& row : db->run("SELECT * FROM operations ORDER BY operation_id")) rows.push_back(row);
    for (auto& row : db->run("SELECT * FROM operation_locks")) rows.push_back(row);
    for (auto& row : db->run("PRAGMA user_version")) rows.push_back(row);
    return rows;
  };
  sql::open_sqlite(file.string())->run("CREATE TABLE step_times (in_the_way TEXT)");
  const auto before = dump();
  const auto opened = Database::open(file);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::invalid);
  CHECK(dump() == before);
}

TEST_CASE("a row of version 1 that cannot be read moves over and is set apart") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "hub.db";
  make_version_1(file);
  sql::open_sqlite(file.string())
      ->run("UPDATE operations SET state = '{torn' WHERE operation_id = 'op_2'");
  const ManualClock clock(parse_time("2026-01-02T04:00:00.000Z").value());
  auto database = Database::open(file);
  REQUIRE(database);
  OperationStore store(**database, clock);
  REQUIRE(store.unreadable().size() == 1);
  CHECK(store.unreadable()[0].operation_id == OperationId("op_2"));
  CHECK(store.adopt_orphans().empty());
  CHECK(store.cancel(OperationId("op_2")).error().reason == "operation_unreadable");
  CHECK(store.live().size() == 1);  // the rest goes on; what it holds is held still
  CHECK_FALSE(store.claim(std::vector{OperationKind("skill.install")}, Priority::normal));
  const auto kept = (*database)->read([](sql::Connection& db) {
    return db.run("SELECT state FROM operations WHERE operation_id = 'op_2'");
  });
  CHECK(sql::text(kept.at(0).at(0)) == "{torn");
}

}  // namespace
}  // namespace hub::store
