#include <thread>

#include <doctest/doctest.h>

#include "base/hash.hpp"
#include "store/migrations.hpp"
#include "store/operation_store.hpp"
#include "store/progress_board.hpp"
#include "store/transitions.hpp"

namespace hub::store {
namespace {

const std::vector known_kinds{OperationKind("skill.install"), OperationKind("skill.uninstall")};

// A store on a real file, which can be closed and opened again as a restart does.
struct Bench {
  TemporaryDirectory directory;
  ManualClock clock{Time{std::chrono::hours(24 * 365 * 56)}};
  std::unique_ptr<Database> database;
  std::unique_ptr<OperationStore> store;

  Bench() { open(); }
  void open() {
    store.reset();
    database.reset();
    auto opened = Database::open(directory.path() / "hub.db");
    REQUIRE(opened);
    database = *std::move(opened);
    store = std::make_unique<OperationStore>(*database, clock);
  }

  std::optional<OperationRecord> claim() {
    return store->claim(known_kinds, Priority::interactive);
  }

  NewOperation install_of(const std::string& skill, const std::string& kind = "skill.install") {
    NewOperation wanted;
    auto& state = wanted.state;
    state.operation_id = OperationId("op_" + uuid_v7(to_millis(clock.now())));
    clock.advance(std::chrono::milliseconds(1));
    state.kind = OperationKind(kind);
    state.target_kind = "skill";
    state.target_id = skill;
    state.can_cancel = true;
    state.webspace_id = "desktop";
    state.steps = {{"fetch", StepStatus::pending, 1, {}, {}},
                   {"activate", StepStatus::pending, 1, {}, {}}};
    wanted.fingerprint = kind + ":" + skill;
    wanted.intent = boost::json::object{{"name", skill}};
    wanted.locks = {{Resource("skill:" + skill)}};
    return wanted;
  }
};

OperationChange to_status(OperationStatus status) { return {.status = status}; }

TEST_CASE("the table in the database is the table in the code") {
  Bench bench;
  const auto rows = bench.database->read([](sql::Connection& db) {
    return db.run("SELECT from_status, to_status FROM operation_transitions");
  });
  CHECK(rows.size() == transitions.size());
  for (const auto& row : rows) {
    OperationStatus from{}, to{};
    REQUIRE(boost::describe::enum_from_string(sql::text(row[0]).c_str(), from));
    REQUIRE(boost::describe::enum_from_string(sql::text(row[1]).c_str(), to));
    CHECK(may_follow(from, to));
  }
}

TEST_CASE("an accepted operation is there after a restart, with its lock and its event") {
  Bench bench;
  const auto accepted = bench.store->accept(bench.install_of("weather"));
  REQUIRE(accepted);
  CHECK(accepted->how == Acceptance::created);
  CHECK(accepted->state.revision == 1);
  bench.open();
  const auto found = bench.store->find(accepted->state.operation_id);
  REQUIRE(found);
  CHECK(found->status == OperationStatus::accepted);
  CHECK(bench.store->events_after(0, 10)->size() == 1);
  const auto claimed = bench.claim();
  REQUIRE(claimed);
  CHECK(claimed->intent.at("name") == "weather");
}

TEST_CASE("the same request twice is one operation") {
  Bench bench;
  const auto first = bench.store->accept(bench.install_of("weather"));
  const auto second = bench.store->accept(bench.install_of("weather"));
  REQUIRE(first);
  REQUIRE(second);
  CHECK(second->how == Acceptance::joined);
  CHECK(second->state.operation_id == first->state.operation_id);
}

TEST_CASE("a used Idempotency-Key gives the same operation, even after its end") {
  Bench bench;
  auto wanted = bench.install_of("weather");
  wanted.idempotency_key = "k1";
  const auto first = bench.store->accept(wanted);
  REQUIRE(first);
  REQUIRE(bench.store->cancel(first->state.operation_id));
  auto again = bench.install_of("weather");
  again.idempotency_key = "k1";
  const auto replayed = bench.store->accept(again);
  REQUIRE(replayed);
  CHECK(replayed->how == Acceptance::replayed);
  CHECK(replayed->state.operation_id == first->state.operation_id);
  auto other = bench.install_of("alarm");
  other.idempotency_key = "k1";
  CHECK(bench.store->accept(other).error().reason == "idempotency_key_reused");
}

TEST_CASE("another operation on the same resource waits in line and says for whom") {
  Bench bench;
  const auto first = bench.store->accept(bench.install_of("weather"));
  const auto second = bench.store->accept(bench.install_of("weather", "skill.uninstall"));
  REQUIRE(first);
  REQUIRE(second);
  REQUIRE(second->state.reason);
  CHECK(second->state.reason->code == "lock");
  CHECK(second->state.blocked_by->at(0) == first->state.operation_id);
  const auto claimed = bench.claim();
  REQUIRE(claimed);
  CHECK(claimed->state.operation_id == first->state.operation_id);
  CHECK_FALSE(bench.claim());
  REQUIRE(bench.store->advance(first->state.operation_id, to_status(OperationStatus::succeeded)));
  const auto freed = bench.store->find(second->state.operation_id);
  CHECK(freed->reason->code == "slot");  // nobody but a worker is missing
  CHECK(freed->queue_position == 1);
  CHECK_FALSE(freed->blocked_by);
  CHECK(bench.claim()->state.operation_id == second->state.operation_id);
}

TEST_CASE("on_conflict fail names the operation in the way and stores nothing") {
  Bench bench;
  const auto first = bench.store->accept(bench.install_of("weather"));
  auto wanted = bench.install_of("weather", "skill.uninstall");
  wanted.on_conflict = OnConflict::fail;
  const auto refused = bench.store->accept(wanted);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reason == "target_busy");
  CHECK(refused.error().details.at("blocked_by") ==
        boost::json::string(first->state.operation_id.text()));
  CHECK_FALSE(bench.store->find(wanted.state.operation_id));
}

TEST_CASE("shared locks go together and an exclusive one waits for them") {
  Bench bench;
  const auto with_lock = [&](const std::string& target, LockMode mode) {
    auto wanted = bench.install_of(target);
    wanted.locks = {{Resource("skill:notes"), mode}};
    return bench.store->accept(wanted).value().state;
  };
  CHECK_FALSE(with_lock("a", LockMode::shared).reason);
  CHECK_FALSE(with_lock("b", LockMode::shared).reason);
  CHECK(with_lock("c", LockMode::exclusive).reason);
  CHECK(with_lock("d", LockMode::shared).reason);  // first in first out: behind the exclusive one
}

TEST_CASE("an ended operation never moves again") {
  Bench bench;
  const auto id = bench.store->accept(bench.install_of("weather")).value().state.operation_id;
  REQUIRE(bench.claim());
  REQUIRE(bench.store->advance(id, to_status(OperationStatus::succeeded)));
  CHECK(bench.store->advance(id, to_status(OperationStatus::failed)).error().reason == "fenced");
  CHECK(bench.store->cancel(id).error().reason == "operation_not_active");
  CHECK_THROWS_AS(bench.database->write([&](sql::Connection& db) {
    db.run("UPDATE operations SET status = 'failed' WHERE operation_id = $1", {id.text()});
  }),
                  sql::ConstraintFailure);
  CHECK(bench.store->find(id)->status == OperationStatus::succeeded);
}

TEST_CASE("a status that may not follow is refused by code and by database") {
  Bench bench;
  const auto id = bench.store->accept(bench.install_of("weather")).value().state.operation_id;
  REQUIRE(bench.claim());
  REQUIRE(bench.store->advance(id, to_status(OperationStatus::reverting)));
  CHECK(bench.store->advance(id, to_status(OperationStatus::succeeded)).error().reason == "fenced");
  CHECK_THROWS_AS(bench.database->write([&](sql::Connection& db) {
    db.run("UPDATE operations SET status = 'running' WHERE operation_id = $1", {id.text()});
  }),
                  sql::ConstraintFailure);
}

TEST_CASE("an end frees locks, appends an event and leaves exactly one notification") {
  Bench bench;
  const auto id = bench.store->accept(bench.install_of("weather")).value().state.operation_id;
  REQUIRE(bench.claim());
  const auto ended = bench.store->advance(
      id, {.status = OperationStatus::succeeded,
           .artifacts = {[] {
             InstalledArtifact artifact;
             artifact.name = "weather";
             return artifact;
           }()},
           .edit = [](OperationState& state) { state.message = "weather is installed"; }});
  REQUIRE(ended);
  CHECK(ended->finished_at);
  CHECK_FALSE(ended->can_cancel);
  const auto told = bench.store->notifications("desktop", 10);
  REQUIRE(told.size() == 1);
  CHECK(told[0].id == "notif:" + id.text() + ":success");
  CHECK(told[0].message == "weather is installed");
  CHECK(bench.store->find_installed(ArtifactKind::skill, "weather"));
  const auto events = bench.store->events_after(0, 10).value();
  REQUIRE(events.size() == 3);
  for (std::size_t i = 0; i < events.size(); ++i) {
    CHECK(events[i].seq == static_cast<std::int64_t>(i + 1));
    CHECK(events[i].revision == static_cast<std::int64_t>(i + 1));
  }
}

TEST_CASE("what an earlier boot left running is adopted, and its crash is counted") {
  Bench bench;
  const auto id = bench.store->accept(bench.install_of("weather")).value().state.operation_id;
  REQUIRE(bench.claim());
  bench.open();
  CHECK(bench.store->advance(id, {}).error().reason == "fenced");  // not ours yet
  auto orphans = bench.store->adopt_orphans();
  REQUIRE(orphans.size() == 1);
  REQUIRE(orphans[0].steps.size() == 1);
  CHECK(orphans[0].steps[0].phase == StepPhase::intent);
  CHECK(orphans[0].steps[0].crashes == 1);
  CHECK(bench.store->advance(id, {}));
  bench.store->mark_drained(std::array{id});
  bench.open();
  CHECK(bench.store->adopt_orphans().at(0).steps[0].crashes == 1);  // ended in good order
}

TEST_CASE("a cancel before the start ends it, later it asks the run to stop") {
  Bench bench;
  const auto waiting = bench.store->accept(bench.install_of("a")).value().state.operation_id;
  CHECK(bench.store->cancel(waiting)->status == OperationStatus::cancelled);
  CHECK(bench.store->cancel(waiting)->status == OperationStatus::cancelled);  // again is fine
  const auto running = bench.store->accept(bench.install_of("b")).value().state.operation_id;
  REQUIRE(bench.claim());
  CHECK(bench.store->cancel(running)->status == OperationStatus::cancelling);
  CHECK(bench.store->advance(running, to_status(OperationStatus::cancelled)));
  CHECK(bench.store->cancel(OperationId("op_none")).error().reason == "operation_not_found");
}

TEST_CASE("many threads write at once and each sees its own result or refusal") {
  Bench bench;
  std::vector<std::thread> threads;
  std::atomic<int> refused{0};
  std::vector<NewOperation> wanted;
  for (int i = 0; i < 40; ++i) {
    wanted.push_back(bench.install_of("skill" + std::to_string(i % 20)));
    wanted.back().on_conflict = OnConflict::fail;
  }
  for (const auto& one : wanted) {
    threads.emplace_back([&bench, &refused, &one] {
      if (!bench.store->accept(one)) ++refused;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(refused == 20);
  CHECK(bench.store->live_count() == 20);
}

TEST_CASE("work that throws takes nothing else of its batch with it") {
  Bench bench;
  CHECK_THROWS_AS(bench.database->write([](sql::Connection& db) {
    db.run("INSERT INTO meta (key, value) VALUES ('x', '1')");
    throw std::runtime_error("changed my mind");
  }),
                  std::runtime_error);
  const auto rows = bench.database->read(
      [](sql::Connection& db) { return db.run("SELECT 1 FROM meta WHERE key = 'x'"); });
  CHECK(rows.empty());
}

TEST_CASE("a base directory in use, of a newer hub, or damaged is refused and left as it is") {
  Bench bench;
  const auto file = bench.directory.path() / "hub.db";
  CHECK(Database::open(file).error().reason == "base_directory_in_use");
  bench.database->write([](sql::Connection& db) { db.run("PRAGMA user_version = 99"); });
  bench.store.reset();
  bench.database.reset();
  const auto newer = Database::open(file);
  REQUIRE_FALSE(newer);
  CHECK(newer.error().reason == "base_directory_newer");
  CHECK(newer.error().details.at("found") == 99);
  const auto damaged = bench.directory.path() / "damaged.db";
  REQUIRE(write_file_atomic(damaged, std::string(8192, 'x')));
  CHECK(Database::open(damaged).error().reason == "database_unreadable");
  CHECK(read_file(damaged).value() == std::string(8192, 'x'));
}

TEST_CASE("a tick is laid over a live state and never takes progress back") {
  ProgressBoard board;
  int rung = 0;
  const auto bell = board.ticks().subscribe([&rung] { ++rung; });
  OperationState state;
  state.operation_id = OperationId("op_1");
  state.status = OperationStatus::running;
  state.progress = 30;
  board.tick(state.operation_id, {20, "fetching", ProgressDetail{5, 10, "bytes", {}, {}}});
  board.tick(state.operation_id, {25, "fetching more", ProgressDetail{7, 10, "bytes", {}, {}}});
  CHECK(rung == 1);  // at most four a second
  board.overlay(state);
  CHECK(state.progress == 30);
  CHECK(state.message == "fetching more");
  CHECK(state.progress_detail->done == 7);
  state.status = OperationStatus::succeeded;
  state.message = "done";
  board.overlay(state);
  CHECK(state.message == "done");
}

}  // namespace
}  // namespace hub::store
