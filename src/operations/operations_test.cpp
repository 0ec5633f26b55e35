#include <future>

#include <doctest/doctest.h>

#include "operations/operation_manager.hpp"

namespace hub::operations {
namespace {

// A workflow of three steps over a folder: each leaves a file named after it. What goes wrong, and
// when, is written in the request's parameters.
class Paint final : public Workflow {
 public:
  explicit Paint(fs::path folder) : folder_(std::move(folder)) {}
  OperationKind kind() const override { return OperationKind("wall.paint"); }

  Result<Plan> resolve(const OperationRequest& request) const override {
    if (request.target_id == "ceiling") {
      return fail(ErrorCode::not_found, "cannot paint ceiling: no such wall", "unknown_wall");
    }
    Plan plan;
    plan.intent = boost::json::object{{"params", request.params}};
    plan.locks = {{Resource("wall:" + request.target_id)}};
    plan.title_key = "operation.wall.paint";
    return plan;
  }

  std::vector<Step> steps(const Json& intent) const override {
    const auto params = intent.at("params").as_object();
    std::vector<Step> all;
    for (const char* name : {"prime", "paint", "varnish"}) {
      Step step;
      step.name = name;
      const auto file = folder_ / name;
      step.run = [file, params, name](StepContext& run) -> Result<> {
        if (params.contains("hold") && params.at("hold") == name) {
          while (!run.stop_requested()) std::this_thread::yield();
          return fail(ErrorCode::cancelled, "stopped");
        }
        HUB_CHECK(write_file_atomic(file, "wet"));
        run.notes()["file"] = file.string();
        run.progress({1, 2, "coats"}, "half way");
        if (params.contains("fail") && params.at("fail") == name) {
          return fail(ErrorCode::unavailable, "cannot finish: the brush broke", "brush_broke");
        }
        if (params.contains("throw") && params.at("throw") == name) {
          throw std::runtime_error("a bug");
        }
        run.result(name, true);
        run.conclude("the wall is painted");
        return {};
      };
      step.undo = [file](StepContext&) { return remove_tree(file); };
      all.push_back(std::move(step));
    }
    return all;
  }

 private:
  fs::path folder_;
};

struct Bench {
  TemporaryDirectory directory;
  SystemClock clock;
  store::ProgressBoard board;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<store::OperationStore> store;
  std::unique_ptr<OperationManager> manager;

  Bench() { open(); }
  void open() {
    manager.reset();
    store.reset();
    database.reset();
    database = store::Database::open(directory.path() / "hub.db").value();
    store = std::make_unique<store::OperationStore>(*database, clock);
    Workflows workflows;
    workflows.push_back(std::make_unique<Paint>(directory.path()));
    manager = std::make_unique<OperationManager>(*store, board, clock, std::move(workflows));
    manager->start();
  }

  static OperationRequest request(boost::json::object params = {}) {
    OperationRequest wanted;
    wanted.kind = OperationKind("wall.paint");
    wanted.target_kind = "wall";
    wanted.target_id = "north";
    wanted.params = std::move(params);
    return wanted;
  }

  OperationState end_of(const OperationId& id) {
    std::promise<std::optional<OperationState>> promise;
    manager->wait(
        id, std::nullopt, std::chrono::seconds(30),
        [&](std::optional<OperationState> state) { promise.set_value(std::move(state)); });
    return promise.get_future().get().value();
  }

  OperationState until_running_step(const OperationId& id, const std::string& step) {
    for (std::int64_t revision = 0;;) {
      std::promise<std::optional<OperationState>> promise;
      manager->wait(id, revision, std::chrono::seconds(30),
                    [&](std::optional<OperationState> s) { promise.set_value(std::move(s)); });
      auto state = promise.get_future().get().value();
      if (state.current_step == step || is_terminal(state.status)) return state;
      revision = state.revision;
    }
  }

  bool has(const char* name) const { return fs::exists(directory.path() / name); }
};

TEST_CASE("an accepted operation runs its steps and says how it ended") {
  Bench bench;
  const auto accepted = bench.manager->accept(Bench::request());
  REQUIRE(accepted);
  CHECK(accepted->state.status == OperationStatus::accepted);
  const auto end = bench.end_of(accepted->state.operation_id);
  CHECK(end.status == OperationStatus::succeeded);
  CHECK(end.message == "the wall is painted");
  CHECK(end.progress == 100);
  CHECK(end.effects == Effects::applied);
  CHECK(end.result->at("varnish") == true);
  for (const auto& step : end.steps) CHECK(step.status == StepStatus::done);
  CHECK(bench.has("varnish"));
  CHECK(bench.store->notifications("desktop", 10).size() == 1);
  // accept, claim with the first intent, two borders, the end
  CHECK(bench.store->events_after(0, 100).size() == 5);
}

TEST_CASE("a step that fails is undone with all before it, and the error is told whole") {
  for (const std::string step : {"prime", "paint", "varnish"}) {
    CAPTURE(step);
    Bench bench;
    const auto id =
        bench.manager->accept(Bench::request({{"fail", step}})).value().state.operation_id;
    const auto end = bench.end_of(id);
    CHECK(end.status == OperationStatus::failed);
    REQUIRE(end.error);
    CHECK(end.error->code == "BRUSH_BROKE");
    CHECK(end.error->step == step);
    CHECK(end.error->retryable);
    CHECK(end.effects != Effects::partial);
    CHECK_FALSE(bench.has("prime"));
    CHECK_FALSE(bench.has("paint"));
    CHECK_FALSE(bench.has("varnish"));
    const auto told = bench.store->notifications("desktop", 10);
    REQUIRE(told.size() == 1);
    CHECK(told[0].level == NotificationLevel::error);
  }
}

TEST_CASE("a recipe that throws fails its operation, not the hub") {
  Bench bench;
  const auto id =
      bench.manager->accept(Bench::request({{"throw", "paint"}})).value().state.operation_id;
  CHECK(bench.end_of(id).error->code == "INTERNAL_ERROR");
  const auto next = bench.manager->accept(Bench::request()).value().state.operation_id;
  CHECK(bench.end_of(next).status == OperationStatus::succeeded);
}

TEST_CASE("a cancel stops the running step and takes back what was done") {
  for (const std::string step : {"prime", "paint", "varnish"}) {
    CAPTURE(step);
    Bench bench;
    const auto id =
        bench.manager->accept(Bench::request({{"hold", step}})).value().state.operation_id;
    REQUIRE(bench.until_running_step(id, step).current_step == step);
    const auto asked = bench.manager->cancel(id);
    REQUIRE(asked);
    CHECK(asked->status == OperationStatus::cancelling);
    const auto end = bench.end_of(id);
    CHECK(end.status == OperationStatus::cancelled);
    CHECK_FALSE(bench.has("prime"));
    CHECK_FALSE(bench.has("paint"));
  }
}

TEST_CASE("what a stop interrupts goes on at the next start") {
  Bench bench;
  const auto id =
      bench.manager->accept(Bench::request({{"hold", "paint"}})).value().state.operation_id;
  REQUIRE(bench.until_running_step(id, "paint").current_step == "paint");
  bench.open();  // stop() drains, start() adopts
  CHECK(bench.manager->recovered_count() == 1);
  CHECK(bench.store->find(id)->status == OperationStatus::running);
  REQUIRE(bench.manager->cancel(id));
  CHECK(bench.end_of(id).status == OperationStatus::cancelled);
  CHECK_FALSE(bench.has("prime"));
}

TEST_CASE("two clicks are one operation, and different work on one target takes turns") {
  Bench bench;
  const auto first = bench.manager->accept(Bench::request({{"hold", "prime"}})).value();
  const auto again = bench.manager->accept(Bench::request({{"hold", "prime"}})).value();
  CHECK(again.how == store::Acceptance::joined);
  CHECK(again.state.operation_id == first.state.operation_id);
  const auto other = bench.manager->accept(Bench::request()).value();
  CHECK(other.state.blocked_by->at(0) == first.state.operation_id);
  REQUIRE(bench.manager->cancel(first.state.operation_id));
  CHECK(bench.end_of(other.state.operation_id).status == OperationStatus::succeeded);
}

TEST_CASE("an unknown kind and a refused request store nothing") {
  Bench bench;
  auto unknown = Bench::request();
  unknown.kind = OperationKind("wall.fly");
  CHECK(bench.manager->accept(unknown).error().reason == "unknown_kind");
  auto refused = Bench::request();
  refused.target_id = "ceiling";
  CHECK(bench.manager->accept(refused).error().reason == "unknown_wall");
  CHECK(bench.store->events_after(0, 10).empty());
}

TEST_CASE("an operation of a kind that this hub does not know is kept, not run") {
  Bench bench;
  store::NewOperation foreign;
  foreign.state.operation_id = OperationId("op_foreign");
  foreign.state.kind = OperationKind("moon.fly");
  foreign.state.webspace_id = "desktop";
  foreign.state.steps = {{"launch", StepStatus::pending, 1, {}, {}}};
  foreign.fingerprint = "moon";
  foreign.intent = boost::json::object{};
  REQUIRE(bench.store->accept(foreign));
  const std::vector foreign_kinds{foreign.state.kind};
  // Left running by a hub that knew the kind.
  REQUIRE(bench.store->claim(foreign_kinds));
  bench.open();
  const auto kept = bench.store->find(foreign.state.operation_id);
  CHECK(kept->status == OperationStatus::running);
  REQUIRE(kept->reason);
  CHECK(kept->reason->code == "unknown_kind");
}

TEST_CASE("waiting for an operation that does not exist answers at once with nothing") {
  Bench bench;
  std::promise<bool> promise;
  bench.manager->wait(OperationId("op_none"), std::nullopt, std::chrono::seconds(30),
                      [&](const std::optional<OperationState>& s) { promise.set_value(!s); });
  CHECK(promise.get_future().get());
}

TEST_CASE("a full queue is refused before anything is stored") {
  TemporaryDirectory directory;
  const SystemClock clock;
  store::ProgressBoard board;
  auto database = store::Database::open(directory.path() / "hub.db").value();
  store::OperationStore store(*database, clock);
  Workflows workflows;
  workflows.push_back(std::make_unique<Paint>(directory.path()));
  OperationManager manager(store, board, clock, std::move(workflows), {.live_max = 1});
  REQUIRE(manager.accept(Bench::request()));
  const auto refused = manager.accept(Bench::request({{"other", 1}}));
  CHECK(refused.error().reason == "too_many_operations");
  CHECK(store.live_count() == 1);
}

}  // namespace
}  // namespace hub::operations
