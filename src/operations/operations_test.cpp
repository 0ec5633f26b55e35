// What every operation gets: it is accepted, runs, ends, and says so.

#include "operations/test_bench.hpp"

namespace hub::operations {
namespace {

using enum OperationStatus;

// Three steps over a folder, each of which leaves a file. What goes wrong, and when, is written in
// the request's parameters.
struct Wall : Bench {
  Gate gate;

  Wall() {
    auto& painting = script();
    painting.resolve = [](const OperationRequest& asked) -> Result<Plan> {
      if (asked.target_id == "ceiling") {
        return fail(ErrorCode::not_found, "cannot paint ceiling: no such wall", "unknown_wall");
      }
      Plan plan;
      plan.intent = boost::json::object{{"params", asked.params}};
      plan.locks = {{Resource("wall:" + asked.target_id)}};
      plan.title_key = "operation.test.run";
      return plan;
    };
    painting.steps = [this](const Json& intent) {
      const auto params = intent.at("params").as_object();
      std::vector<Step> all;
      for (const std::string name : {"prime", "paint", "varnish"})
        all.push_back(coat(name, params));
      return all;
    };
    open();
  }

  ~Wall() { close(); }

  Step coat(const std::string& name, const boost::json::object& params) {
    const auto is = [params, name](const char* what) {
      const auto* wanted = params.if_contains(what);
      return wanted && *wanted == Json(name);
    };
    Step made = file_step(name, directory.path());
    made.run = [this, run_plain = made.run, is, name](StepContext& run) -> Result<> {
      if (is("hold") && !gate.pass(run)) return fail(ErrorCode::cancelled, "stopped");
      HUB_CHECK(run_plain(run));
      run.progress({1, 2, "coats"}, "half way");
      if (is("fail")) {
        return fail(ErrorCode::unavailable, "cannot finish: the brush broke", "brush_broke",
                    "buy a brush", {{"brush", 3}});
      }
      if (is("throw")) throw std::runtime_error("a bug");
      run.result(name, true);
      run.conclude("the wall is painted");
      return {};
    };
    return made;
  }
};

TEST_CASE("an accepted operation runs its steps and says how it ended") {
  Wall wall;
  const auto accepted = wall.manager->accept(Bench::request());
  REQUIRE(accepted);
  CHECK(accepted->state.status == OperationStatus::accepted);
  CHECK(accepted->state.effects == Effects::none);
  CHECK_FALSE(accepted->state.progress);
  const auto end = wall.end_of(accepted->state.operation_id);
  CHECK(end.status == succeeded);
  CHECK(end.message == "the wall is painted");
  CHECK(end.progress == 100);
  CHECK(end.effects == Effects::applied);
  CHECK(end.result->at("varnish") == true);
  CHECK_FALSE(end.can_cancel);
  CHECK_FALSE(end.can_retry);
  for (const auto& step : end.steps) CHECK(step.status == StepStatus::done);
  CHECK(wall.has("varnish"));
  CHECK(wall.store->notifications("desktop", 10).size() == 1);
  // accept, claim with the first intent, two borders, the end
  CHECK(wall.store->events_after(0, 100)->size() == 5);
}

TEST_CASE("a step that fails is undone with all before it, and the error is told whole") {
  for (const std::string step : {"prime", "paint", "varnish"}) {
    CAPTURE(step);
    Wall wall;
    const auto end = wall.run(Bench::request({{"fail", step}}));
    CHECK(end.status == failed);
    REQUIRE(end.error);
    CHECK(end.error->code == "BRUSH_BROKE");
    CHECK(end.error->step == step);
    CHECK(end.error->retryable);
    CHECK(end.error->hint == "buy a brush");
    CHECK(end.error->details.at("brush") == 3);
    CHECK(end.effects == Effects::reverted);
    CHECK(end.can_retry);
    CHECK_FALSE(wall.has("prime"));
    CHECK_FALSE(wall.has("paint"));
    CHECK_FALSE(wall.has("varnish"));
    const auto told = wall.store->notifications("desktop", 10);
    REQUIRE(told.size() == 1);
    CHECK(told[0].level == NotificationLevel::error);
  }
}

TEST_CASE("a recipe that throws fails its operation, not the hub") {
  Wall wall;
  CHECK(wall.run(Bench::request({{"throw", "paint"}})).error->code == "INTERNAL_ERROR");
  CHECK_FALSE(wall.has("prime"));
  CHECK(wall.run().status == succeeded);
}

TEST_CASE("a recipe that cannot read its own intent any more fails its operation, not the hub") {
  Bench bench;
  bench.options.slots = 0;
  bench.script().steps = [](const Json&) { return std::vector{step("one", nothing)}; };
  bench.open();
  const auto id = bench.accept();
  bench.script().steps = [](const Json&) -> std::vector<Step> {
    throw std::runtime_error("no such field");
  };
  bench.options.slots = 4;
  bench.open();
  const auto end = bench.end_of(id);
  CHECK(end.status == failed);
  CHECK(end.error->code == "INTERNAL_ERROR");
  CHECK(end.effects == Effects::none);
  until("a free worker", [&] { return bench.manager->load().slots_busy == 0; });
}

TEST_CASE("a cancel stops the running step and takes back what was done") {
  for (const std::string step : {"prime", "paint", "varnish"}) {
    CAPTURE(step);
    Wall wall;
    const auto id = wall.accept(Bench::request({{"hold", step}}));
    wall.gate.await_arrival();
    const auto asked = wall.manager->cancel(id);
    REQUIRE(asked);
    CHECK(asked->status == cancelling);
    const auto end = wall.end_of(id);
    CHECK(end.status == cancelled);
    CHECK_FALSE(end.error);
    CHECK_FALSE(wall.has("prime"));
    CHECK_FALSE(wall.has("paint"));
    CHECK(wall.manager->cancel(id));  // asking again is fine
  }
}

TEST_CASE("a cancel that was answered is not overtaken by a success") {
  Wall wall;
  const auto id = wall.accept(Bench::request({{"hold", "varnish"}}));
  wall.gate.await_arrival();
  REQUIRE(wall.manager->cancel(id));
  wall.gate.open();  // the step may well finish now
  CHECK(wall.end_of(id).status == cancelled);
  CHECK_FALSE(wall.has("varnish"));
}

TEST_CASE("an operation that waits in line is cancelled at once") {
  Wall wall;
  const auto first = wall.accept(Bench::request({{"hold", "prime"}}));
  wall.gate.await_arrival();
  const auto second = wall.accept(Bench::request({{"other", 1}}));
  CHECK(wall.manager->cancel(second)->status == cancelled);
  CHECK(wall.state_of(second).effects == Effects::none);
  CHECK(wall.state_of(first).status == running);
  wall.gate.open();
  CHECK(wall.end_of(first).status == succeeded);
}

TEST_CASE("what a stop interrupts goes on at the next start, and is no crash") {
  Wall wall;
  const auto id = wall.accept(Bench::request({{"hold", "paint"}}));
  for (int boot = 1; boot <= 5; ++boot) {
    wall.gate.await_arrivals(boot);
    wall.open();  // stop() drains, start() adopts
    CHECK(wall.manager->recovered_count() == 1);
  }
  CHECK(wall.state_of(id).status == running);
  wall.gate.open();
  CHECK(wall.end_of(id).status == succeeded);
}

TEST_CASE("two clicks are one operation, and different work on one target takes turns") {
  Wall wall;
  const auto first = wall.manager->accept(Bench::request({{"hold", "prime"}})).value();
  const auto again = wall.manager->accept(Bench::request({{"hold", "prime"}})).value();
  CHECK(again.how == store::Acceptance::joined);
  CHECK(again.state.operation_id == first.state.operation_id);
  const auto other = wall.manager->accept(Bench::request()).value();
  CHECK(other.state.blocked_by->at(0) == first.state.operation_id);
  REQUIRE(wall.manager->cancel(first.state.operation_id));
  CHECK(wall.end_of(other.state.operation_id).status == succeeded);
}

TEST_CASE("replace tells the running one to go, and runs after it") {
  Wall wall;
  const auto first = wall.accept(Bench::request({{"hold", "paint"}}));
  wall.gate.await_arrival();
  auto wanted = Bench::request();
  wanted.on_conflict = OnConflict::replace;
  const auto second = wall.accept(wanted);
  CHECK(wall.end_of(first).status == cancelled);
  CHECK(wall.end_of(second).status == succeeded);
}

TEST_CASE("an unknown kind and a refused request store nothing") {
  Wall wall;
  const auto unknown = wall.manager->accept(Bench::request({}, "north", "wall.fly"));
  CHECK(unknown.error().reason == "unknown_kind");
  CHECK(unknown.error().details.at("known").as_array().at(0) == "test.run");
  const auto refused = wall.manager->accept(Bench::request({}, "ceiling"));
  CHECK(refused.error().reason == "unknown_wall");
  CHECK(wall.store->events_after(0, 10)->empty());
}

TEST_CASE("waiting for an operation that does not exist answers at once with nothing") {
  Wall wall;
  std::promise<bool> promise;
  wall.manager->wait(OperationId("op_none"), std::nullopt, std::chrono::seconds(30),
                     [&](const std::optional<OperationState>& s) { promise.set_value(!s); });
  CHECK(promise.get_future().get());
}

TEST_CASE("who waits for a revision is told when it is there, and after the time is over") {
  Wall wall;
  const auto id = wall.accept(Bench::request({{"hold", "paint"}}));
  wall.gate.await_arrival();
  const auto seen = wall.state_of(id).revision;
  std::promise<std::int64_t> late;
  wall.manager->wait(id, seen, std::chrono::milliseconds(30),
                     [&](const std::optional<OperationState>& s) { late.set_value(s->revision); });
  CHECK(late.get_future().get() == seen);
  std::promise<std::int64_t> moved;
  wall.manager->wait(id, seen, std::chrono::seconds(30),
                     [&](const std::optional<OperationState>& s) { moved.set_value(s->revision); });
  wall.gate.open();
  CHECK(moved.get_future().get() > seen);
}

TEST_CASE("what is refused for lack of room stores nothing") {
  Wall wall;
  wall.options.disk = wall.directory.path();
  wall.options.free_bytes_min = std::uintmax_t{1} << 60U;
  wall.open();
  CHECK(wall.manager->accept(Bench::request()).error().reason == "disk_full");
  CHECK(wall.store->live_count() == 0);
}

TEST_CASE("a hub that stops accepts nothing more") {
  Wall wall;
  wall.manager->stop();
  CHECK(wall.manager->accept(Bench::request()).error().reason == "stopping");
}

TEST_CASE("a look ahead tells what would happen, and changes nothing") {
  Wall wall;
  wall.script().undo_window = std::chrono::hours(1);
  const auto first = wall.accept(Bench::request({{"hold", "prime"}}));
  wall.gate.await_arrival();
  const auto before = wall.store->last_seq();
  const auto same = wall.manager->preview(Bench::request({{"hold", "prime"}})).value();
  CHECK(same.joins == first);
  const auto other = wall.manager->preview(Bench::request({{"x", 1}})).value();
  CHECK_FALSE(other.joins);
  REQUIRE(other.conflicts.size() == 1);
  CHECK(other.conflicts[0].operation_id == first);
  CHECK(other.reversible);
  CHECK(other.undo_window == std::chrono::hours(1));
  CHECK(other.state.steps.size() == 3);
  CHECK(other.state.operation_id.text().empty());
  CHECK(wall.manager->preview(Bench::request({}, "ceiling")).error().reason == "unknown_wall");
  CHECK(wall.store->last_seq() == before);
  wall.gate.open();
  wall.end_of(first);
}

}  // namespace
}  // namespace hub::operations
