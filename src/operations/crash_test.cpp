// Hubs that die, hubs that do not know what an older or newer one has begun, and disks that fail.

#include "operations/test_bench.hpp"

namespace hub::operations {
namespace {

using enum OperationStatus;

struct Shaky : Bench {
  std::atomic<int> runs{0};

  Shaky() {
    script().steps = [this](const Json&) {
      return std::vector{file_step("first", directory.path()),
                         step("second", [this](StepContext&) -> Result<> {
                           ++runs;
                           return {};
                         })};
    };
  }
  ~Shaky() { close(); }

  // An operation whose first step is done and whose second a hub was running when it died.
  OperationId left_in_second() {
    options.slots = 0;
    open();
    const auto id = accept();
    open_store();
    const std::vector kinds{OperationKind("test.run")};
    auto record = store->claim(kinds, Priority::normal);
    REQUIRE(record);
    REQUIRE(write_file_atomic(directory.path() / "first", "here"));
    record->steps[0].phase = store::StepPhase::done;
    store::StepRecord second;
    second.no = 1;
    second.name = "second";
    REQUIRE(store->advance(id, {.steps = {record->steps[0], second}}));
    close();
    options.slots = 4;
    return id;
  }
  void die_again() {
    open_store();
    REQUIRE(store->adopt_orphans().size() == 1);
    close();
  }
};

TEST_CASE("what a dead hub was running is taken up and finished") {
  Shaky hub;
  const auto id = hub.left_in_second();
  hub.open();
  CHECK(hub.manager->recovered_count() == 1);
  CHECK(hub.end_of(id).status == succeeded);
  CHECK(hub.runs == 1);
}

TEST_CASE("a step in which the hub dies three times is given up, and all is taken back") {
  Shaky hub;
  const auto id = hub.left_in_second();
  hub.die_again();
  hub.die_again();
  hub.open();
  const auto end = hub.end_of(id);
  CHECK(end.status == failed);
  CHECK(end.error->code == "CRASH_LOOP");
  CHECK(end.error->step == "second");
  CHECK(end.error->details.at("crashes") == 3);
  CHECK(end.effects == Effects::reverted);
  CHECK_FALSE(hub.has("first"));
  CHECK(hub.runs == 0);
}

TEST_CASE("an undo in which the hub dies again and again is left, and said") {
  Shaky hub;
  hub.script().steps = [&](const Json&) {
    Step first = file_step("first", hub.directory.path());
    return std::vector{first, step("second", [](StepContext&) -> Result<> {
                         return fail(ErrorCode::invalid, "cannot");
                       })};
  };
  const auto id = hub.left_in_second();
  // Left while it was taking back, by a hub that died, and by three more that did.
  hub.open_store();
  REQUIRE(hub.store->adopt_orphans().size() == 1);
  REQUIRE(hub.store->advance(id, {.status = reverting}));
  store::StepRecord first;
  first.name = "first";
  first.phase = store::StepPhase::done;
  first.notes["$undo_crashes"] = 3;
  REQUIRE(hub.store->advance(id, {.steps = {first}}));
  hub.close();
  hub.open();
  const auto end = hub.end_of(id);
  CHECK(end.status == failed);
  CHECK(end.effects == Effects::partial);
  CHECK(end.can_undo);
  CHECK(hub.has("first"));
}

TEST_CASE("an operation of a kind that this hub does not know is neither run nor lost") {
  Shaky hub;
  hub.script("moon.fly").steps = [&](const Json&) { return std::vector{step("launch", nothing)}; };
  hub.options.slots = 0;
  hub.open();
  const auto waiting = hub.accept(Bench::request({}, "moon", "moon.fly"));
  const auto begun = hub.accept(Bench::request({}, "mars", "moon.fly"));
  hub.options.slots = 4;
  const auto moon = std::exchange(hub.scripts, {hub.scripts[0]});
  for (int boot = 0; boot < 4; ++boot) {  // an older hub, started again and again
    hub.open();
    for (const auto& id : {waiting, begun}) {
      until("the quarantine", [&] {
        const auto state = hub.state_of(id);
        return state.reason && state.reason->code == "unknown_kind";
      });
      CHECK_FALSE(is_terminal(hub.state_of(id).status));
      CHECK(hub.state_of(id).can_cancel);
    }
    CHECK(hub.run(Bench::request({}, "earth")).status == succeeded);
    until("free slots", [&] { return hub.manager->load().slots_busy == 0; });
  }
  SUBCASE("a hub that knows it again goes on") {
    hub.scripts = moon;
    hub.open();
    CHECK(hub.end_of(waiting).status == succeeded);
    CHECK(hub.end_of(begun).status == succeeded);
    CHECK_FALSE(hub.state_of(begun).reason);
  }
  SUBCASE("it can be cancelled, and frees what it held") {
    const auto ended = hub.manager->cancel(waiting);
    REQUIRE(ended);
    CHECK(ended->status == cancelled);
    CHECK(ended->steps.at(0).status == StepStatus::failed);  // it does not run any more
    CHECK(hub.manager->cancel(waiting));
    CHECK(hub.run(Bench::request({}, "moon")).status == succeeded);
  }
}

TEST_CASE("what an earlier version of its kind has begun is not followed by a newer one") {
  Shaky hub;
  const auto id = hub.left_in_second();
  hub.script().version = 2;
  hub.open();
  const auto state = hub.state_of(id);
  CHECK(state.status == running);
  CHECK(state.reason->code == "unknown_kind");
  CHECK(state.reason->params.at("version") == 1);
  CHECK(state.reason->params.at("known_version") == 2);
  CHECK(state.cancel_effect == CancelEffect::leaves_partial);
  CHECK(hub.runs == 0);
  CHECK(hub.manager->cancel(id)->status == cancelled);
  CHECK(hub.state_of(id).effects == Effects::partial);
  CHECK(hub.has("first"));
}

TEST_CASE("an undo that fails leaves the rest undone, and says what is left") {
  Shaky hub;
  hub.script().steps = [&](const Json&) {
    Step stubborn = file_step("stubborn", hub.directory.path());
    stubborn.undo = [](StepContext&) -> Result<> {
      return fail(ErrorCode::unavailable, "cannot remove it: busy", "busy");
    };
    return std::vector{file_step("first", hub.directory.path()), stubborn,
                       step("last", [](StepContext&) -> Result<> {
                         return fail(ErrorCode::invalid, "cannot", "no_way");
                       })};
  };
  hub.open();
  const auto end = hub.run();
  CHECK(end.status == failed);
  CHECK(end.error->code == "NO_WAY");
  CHECK(end.error->causes->at(0).code == "BUSY");
  CHECK(end.effects == Effects::partial);
  CHECK(end.can_undo);
  CHECK_FALSE(hub.has("first"));
  CHECK(hub.has("stubborn"));
}

TEST_CASE("a run that the database fails is taken up again when it answers") {
  Shaky hub;
  std::atomic<int> tries{0};
  hub.script().steps = [&](const Json&) {
    return std::vector{step("one", [&](StepContext&) -> Result<> {
      if (++tries == 1) throw sql::Failure("cannot read: disk I/O error");
      return {};
    })};
  };
  hub.open();
  const auto id = hub.accept();
  until("the first try", [&] { return tries == 1; });
  until("a free worker", [&] { return hub.manager->load().slots_busy == 0; });
  hub.clock.advance(std::chrono::seconds(2));
  CHECK(hub.end_of(id).status == succeeded);
  CHECK(tries == 2);
}

TEST_CASE("a hub does not wait for ever for a step that will not stop") {
  Shaky hub;
  Gate gate;
  hub.script().steps = [&](const Json&) {
    return std::vector{step("deaf", [&](StepContext&) -> Result<> {
      gate.hold();
      return {};
    })};
  };
  std::atomic<bool> told{false};
  hub.options.drain_patience = std::chrono::milliseconds(20);
  hub.options.on_stuck = [&] {  // a hub would end its process here
    told = true;
    gate.open();
  };
  hub.open();
  const auto id = hub.accept();
  gate.await_arrival();
  hub.manager->stop();
  CHECK(told);
  CHECK(hub.store->find(id)->status == succeeded);
}

}  // namespace
}  // namespace hub::operations
