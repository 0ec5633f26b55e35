#include "store/conformance.hpp"
#include "store/feed_reader.hpp"

namespace hub::store {
namespace {

TEST_CASE_TEMPLATE("a list filters, and goes on from where it ended", Engine, HUB_ENGINES) {
  Bench<Engine> bench;
  const auto a = bench.run("a");
  bench.end(a);
  const auto b = bench.accept("b");
  const auto c = bench.accept("c", "skill.uninstall");
  auto child = bench.wanted("d");
  child.state.parent_id = b;
  child.state.webspace_id = "other";
  const auto d = bench.accept(child).operation_id;
  const auto ids = [&](const OperationFilter& filter) { return ids_of(bench->list(filter)); };
  CHECK(ids({}) == std::vector{d, c, b, a});
  CHECK(ids({.limit = 2}) == std::vector{d, c});
  CHECK(ids({.after = c.text(), .limit = 2}) == std::vector{b, a});
  CHECK(ids({.webspace_id = "other"}) == std::vector{d});
  CHECK(ids({.status = "active"}) == std::vector{d, c, b});
  CHECK(ids({.webspace_id = "desktop", .status = "active"}) == std::vector{c, b});
  CHECK(ids({.status = "succeeded"}) == std::vector{a});
  CHECK(ids({.kind = "skill.uninstall"}) == std::vector{c});
  CHECK(ids({.target_kind = "skill", .target_id = "b"}) == std::vector{b});
  CHECK(ids({.parent_id = b.text()}) == std::vector{d});
  CHECK(ids({.status = "succeeded", .parent_id = b.text()}).empty());
  CHECK(ids_of(bench->children_of(b)) == std::vector{d});
  CHECK(ids_of(bench->live()) == std::vector{b, c, d});
  CHECK(ids_of(bench->recent("desktop", 1)) == std::vector{a, b, c});
  CHECK(ids_of(bench->recent("desktop", 0)) == std::vector{b, c});
}

TEST_CASE_TEMPLATE("a list by target, kind or outcome goes on from live ones to ended ones", Engine,
                   HUB_ENGINES) {
  Bench<Engine> bench;
  std::vector<OperationId> of_a, failed;
  for (int i = 0; i < 3; ++i) {
    of_a.push_back(bench.run("a"));
    bench.end(of_a.back());
    failed.push_back(bench.run("b"));
    bench.end(failed.back(), Effects::reverted, OperationStatus::failed);
  }
  const auto called_off = bench.accept("c");
  REQUIRE(bench->cancel(called_off));
  const auto running = bench.run("a");
  const auto waiting = bench.accept("a", "skill.uninstall");
  const auto ids = [&](const OperationFilter& filter) { return ids_of(bench->list(filter)); };
  const std::vector all_of_a{waiting, running, of_a[2], of_a[1], of_a[0]};
  CHECK(ids({.target_id = "a"}) == all_of_a);
  for (std::size_t page = 0; page < all_of_a.size(); ++page) {
    const std::string after = page == 0 ? "" : all_of_a[page - 1].text();
    CHECK(ids({.target_id = "a", .after = after, .limit = 1}) == std::vector{all_of_a[page]});
  }
  CHECK(ids({.status = "running", .target_id = "a"}) == std::vector{running});
  CHECK(ids({.status = "succeeded", .target_id = "a"}) == std::vector{of_a[2], of_a[1], of_a[0]});
  CHECK(ids({.target_kind = "scenario", .target_id = "a"}).empty());
  CHECK(ids({.status = "failed"}) == std::vector{failed[2], failed[1], failed[0]});
  CHECK(ids({.status = "failed", .kind = "skill.install", .after = failed[2].text(), .limit = 1}) ==
        std::vector{failed[1]});
  CHECK(ids({.status = "failed", .target_id = "a"}).empty());
  CHECK(ids({.status = "cancelled"}) == std::vector{called_off});
  CHECK(ids({.kind = "skill.install", .limit = 3}) == std::vector{running, called_off, failed[2]});
  CHECK(ids({.kind = "skill.install"}).size() == 8);
  CHECK(ids({.kind = "moon.fly"}).empty());
}

TEST_CASE_TEMPLATE("those that wait for a worker show their place", Engine, HUB_ENGINES) {
  Bench<Engine> bench;
  const auto normal = bench.accept("a");
  auto urgent = bench.wanted("b");
  urgent.state.priority = Priority::interactive;
  const auto first = bench.accept(urgent).operation_id;
  CHECK(bench.now(first).reason->code == "slot");
  CHECK(bench.now(first).queue_position == 1);
  CHECK(bench.now(normal).queue_position == 2);
  bench.claim();
  CHECK(bench.now(normal).queue_position == 1);
  CHECK_FALSE(bench.now(first).queue_position);
}

TEST_CASE_TEMPLATE("what can be undone is told by the time, and by what undoes it", Engine,
                   HUB_ENGINES) {
  Bench<Engine> bench;
  const auto id = bench.run("weather");
  const Time until = bench.clock.now() + std::chrono::hours(1);
  bench.move(id, {.status = OperationStatus::succeeded,
                  .edit = [&](OperationState& state) { state.undo_until = until; },
                  .keep_until = until});
  CHECK(bench.now(id).can_undo);
  auto undo = bench.wanted("weather", "skill.uninstall");
  undo.state.undo_of = id;
  const auto undoing = bench.accept(undo).operation_id;
  CHECK_FALSE(bench.now(id).can_undo);
  CHECK(ids_of(bench->successors_of(id)) == std::vector{undoing});
  REQUIRE(bench->cancel(undoing));
  CHECK(bench->successors_of(id).empty());
  CHECK(bench.now(id).can_undo);
  bench.clock.advance(std::chrono::hours(1));
  CHECK_FALSE(bench.now(id).can_undo);
}

TEST_CASE_TEMPLATE("later changes are those with effects on what was held exclusively", Engine,
                   HUB_ENGINES) {
  Bench<Engine> bench;
  const auto first = bench.run("weather");
  const auto state = bench.end(first, Effects::applied);
  const auto none = bench.run("weather");
  bench.end(none, Effects::reverted, OperationStatus::failed);
  const auto elsewhere = bench.run("alarm");
  bench.end(elsewhere, Effects::applied);
  CHECK(bench->later_changes(state).empty());
  const auto later = bench.run("weather");
  bench.end(later, Effects::applied);
  CHECK(ids_of(bench->later_changes(state)) == std::vector{later});
  CHECK(bench->later_changes(bench.now(later)).empty());
  bench.clock.jump(-std::chrono::hours(1));
  const auto last = bench.run("weather");
  bench.end(last, Effects::applied);
  CHECK(ids_of(bench->later_changes(state)) == std::vector{later, last});
  CHECK(ids_of(bench->later_changes(bench.now(later))) == std::vector{last});
}

TEST_CASE_TEMPLATE("contenders are those that conflict, holding or waiting", Engine, HUB_ENGINES) {
  Bench<Engine> bench;
  auto reader = bench.wanted("x");
  reader.locks = {{Resource("skill:weather"), LockMode::shared}};
  const auto shared = bench.accept(reader).operation_id;
  const auto waiting = bench.accept("weather");
  const std::vector<LockRequest> exclusive{{Resource("skill:weather"), LockMode::exclusive}};
  const std::vector<LockRequest> other{{Resource("skill:weather"), LockMode::shared}};
  CHECK(ids_of(bench->contenders(exclusive)) == std::vector{shared, waiting});
  CHECK(ids_of(bench->contenders(other)) == std::vector{waiting});
}

TEST_CASE_TEMPLATE("the feed has every move once, with what it came from", Engine, HUB_ENGINES) {
  Bench<Engine> bench;
  FeedReader reader(*bench.operator->(), "test", CursorKind::in_memory);
  const auto id = bench.run("weather");
  bench.end(id);
  const auto events = reader.next(10).value();
  REQUIRE(events.size() == 3);
  for (std::size_t i = 0; i < events.size(); ++i) {
    CHECK(events[i].seq == static_cast<std::int64_t>(i + 1));
    CHECK(events[i].revision == static_cast<std::int64_t>(i + 1));
    CHECK(events[i].operation_id == id);
    CHECK(events[i].kind == OperationKind("skill.install"));
  }
  CHECK_FALSE(events[0].from);
  CHECK(events[2].from == OperationStatus::running);
  CHECK(events[2].status == OperationStatus::succeeded);
  CHECK(reader.lag() == 3);
  reader.done();
  CHECK(reader.lag() == 0);
  CHECK(reader.gaps() == 0);
}

TEST_CASE_TEMPLATE("a durable cursor goes on where it was, and holds the events it needs", Engine,
                   HUB_ENGINES) {
  Bench<Engine> bench;
  bench.accept("a");
  bench.accept("b");
  {
    FeedReader reader(*bench.operator->(), "audit", CursorKind::durable);
    REQUIRE(reader.next(1)->size() == 1);
    reader.done();
  }
  bench.restart();
  bench.clock.advance(std::chrono::hours(48));
  bench.accept("c");
  std::vector<OperationId> forgotten;
  CHECK(bench->prune(100, forgotten) == 1);  // the one that was dealt with
  {
    FeedReader reader(*bench.operator->(), "audit", CursorKind::durable);
    CHECK(reader.next(10)->at(0).seq == 2);
    CHECK(reader.gaps() == 0);
  }
  CHECK(bench->events_after(0, 10).error().reason == "feed_gone");
  bench.clock.advance(std::chrono::hours(24 * 8));  // no longer waited for
  while (bench->prune(100, forgotten) > 0) {
  }
  FeedReader late(*bench.operator->(), "audit", CursorKind::durable);
  const auto gone = late.next(10);
  CHECK(gone.error().code == ErrorCode::not_found);
  CHECK(gone.error().details.at("first_seq") == bench->last_seq());
  late.skip_to_end();
  CHECK(late.next(10)->empty());
  bench.accept("d");
  CHECK(late.next(10)->at(0).seq == bench->last_seq());
}

TEST_CASE_TEMPLATE("what an ended one has left is due at its time, then it may be forgotten",
                   Engine, HUB_ENGINES) {
  Bench<Engine> bench;
  const auto kept = bench.run("a");
  bench.move(kept, {.status = OperationStatus::succeeded,
                    .keep_until = bench.clock.now() + std::chrono::hours(1)});
  const auto failed = bench.run("b");
  bench.end(failed, Effects::none, OperationStatus::failed);
  const auto live = bench.accept("c");
  REQUIRE(bench->due_clean_ups(10).size() == 1);
  CHECK(bench->due_clean_ups(10)[0].operation_id == failed);
  CHECK(bench->not_cleaned_up().size() == 3);
  bench->cleaned_up(failed);
  CHECK(bench->find_record(failed)->steps.empty());
  CHECK(bench->find_record(failed)->request.at("target_id") == "b");  // a retry asks it again
  CHECK(bench->not_cleaned_up().size() == 2);
  bench.clock.advance(std::chrono::hours(24 * 40));
  std::vector<OperationId> forgotten;
  while (bench->prune(1, forgotten) > 0) {
  }
  CHECK(forgotten.empty());  // one is not cleaned up, one is kept longer, one is live
  bench->cleaned_up(kept);
  while (bench->prune(1, forgotten) > 0) {
  }
  CHECK(forgotten == std::vector{kept});
  CHECK_FALSE(bench->find(kept));
  CHECK(bench->find(failed));
  bench.clock.advance(std::chrono::hours(24 * 60));
  while (bench->prune(1, forgotten) > 0) {
  }
  CHECK(forgotten == std::vector{kept, failed});
  CHECK(bench->find(live));
  CHECK(bench->notifications("desktop", 10).empty());
}

TEST_CASE_TEMPLATE("a clean-up waits while somebody undoes the operation", Engine, HUB_ENGINES) {
  Bench<Engine> bench;
  const auto id = bench.run("weather");
  bench.end(id, Effects::applied);
  auto undo = bench.wanted("weather", "skill.uninstall");
  undo.state.undo_of = id;
  const auto undoing = bench.accept(undo).operation_id;
  CHECK(bench->due_clean_ups(10).empty());
  REQUIRE(bench->cancel(undoing));
  CHECK(bench->due_clean_ups(10).size() == 2);
}

}  // namespace
}  // namespace hub::store
