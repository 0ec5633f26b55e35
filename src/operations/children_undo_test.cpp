// Operations whose children happen all or not at all.

#include <algorithm>

#include "operations/test_bench.hpp"

namespace hub::operations {
namespace {

using enum OperationStatus;

// A parent of kind "test.whole" that makes its own mark only when all its children have succeeded,
// and undoes these when something goes wrong. It holds what they change. A target "bad" fails,
// "slow" waits at the gate; the undo of "heavy" does.
struct Home : Bench {
  Gate gate, undo_gate;

  explicit Home(ManagerOptions wanted = {}) : Bench({}, std::move(wanted)) {
    script().steps = [this](const Json& intent) {
      const std::string target(intent.at("target").as_string());
      Step work = telling_step(target, directory.path(), gate);
      if (target == "heavy") {
        work.undo = [this, plain = work.undo](StepContext& run) -> Result<> {
          if (!undo_gate.pass(run)) return fail(ErrorCode::cancelled, "stopped");
          return plain(run);
        };
      }
      return std::vector{work};
    };
    script().undo_window = std::chrono::hours(1);
    auto& whole = script("test.whole");
    whole.undo_window = std::chrono::hours(1);
    whole.resolve = [](const OperationRequest& asked) {
      Plan plan;
      plan.intent = boost::json::object{{"names", asked.params.at("names")},
                                        {"fails", asked.params.contains("fails")}};
      plan.locks = {{Resource("thing:" + asked.target_id)}};
      for (const auto& name : asked.params.at("names").as_array()) {
        plan.locks.push_back({Resource("thing:" + std::string(name.as_string()))});
      }
      return Result<Plan>(std::move(plan));
    };
    whole.steps = [this](const Json& intent) {
      Step below = step("below", [names = intent.at("names").as_array()](StepContext& run) {
        return run_all(names, run);
      });
      below.kind = StepClass::parent;
      below.undo = undo_all;
      Step mark = file_step("mark", directory.path());
      if (intent.at("fails").as_bool()) {
        mark.run = [](StepContext&) -> Result<> {
          return fail(ErrorCode::invalid, "cannot make the mark", "no_mark");
        };
      }
      return std::vector{below, mark};
    };
    open();
  }
  ~Home() { close(); }

  static Result<> run_all(const boost::json::array& names, StepContext& run) {
    std::vector<OperationRequest> requests;
    for (const auto& name : names) requests.push_back(request({}, std::string(name.as_string())));
    HUB_TRY(ends, run.run_children_while(std::move(requests), [](const OperationState& ended) {
      return ended.status == succeeded;
    }));
    for (const auto& end : ends) {
      if (end.status == failed) return fail(ErrorCode::invalid, "cannot do it all", "incomplete");
    }
    return {};
  }
  static Result<> undo_all(StepContext& run) {
    std::vector<OperationId> ids;
    auto children = run.children();
    for (auto child = children.rbegin(); child != children.rend(); ++child) {
      if (child->effects == Effects::applied) ids.push_back(child->operation_id);
    }
    HUB_TRY(undos, run.undo_children(std::move(ids)));
    for (const auto& undo : undos) {
      if (undo.refused) return tl::unexpected(*undo.refused);
      if (undo.end && undo.end->status != succeeded) {
        return fail(ErrorCode::invalid, "cannot undo a child", "undo_failed");
      }
    }
    return {};
  }

  OperationRequest whole(const std::vector<std::string>& names, bool fails = false) {
    boost::json::array wanted;
    for (const auto& name : names) wanted.emplace_back(name);
    boost::json::object params{{"names", wanted}};
    if (fails) params["fails"] = true;
    return request(std::move(params), "all", "test.whole");
  }
  std::vector<OperationState> undos_below(const OperationId& parent) {
    auto found = store->children_of(parent);
    std::erase_if(found, [](const OperationState& child) { return !child.undo_of; });
    return found;
  }
};

TEST_CASE("children run under their parent's locks, and others wait for the parent") {
  Home home;
  const auto id = home.accept(home.whole({"a", "slow"}));
  home.gate.await_arrival();
  until("the first child's end",
        [&] { return home.store->children_of(id).at(0).status == succeeded; });
  const auto other = home.accept(Home::request({}, "a"));
  CHECK(home.state_of(other).blocked_by == std::vector{id});
  home.gate.open();
  CHECK(home.end_of(id).status == succeeded);
  CHECK(home.has("mark"));
  CHECK(home.end_of(other).status == succeeded);
}

TEST_CASE("one child that fails ends the others, and what was done is undone by operations") {
  ManagerOptions options;
  SUBCASE("with slots for all") {}
  SUBCASE("with one slot for all") { options.slots = 1; }
  Home home(std::move(options));
  // One of them is done, one fails, one waits or runs.
  const auto end = home.run(home.whole({"a", "bad", "slow"}));
  CHECK(end.status == failed);
  CHECK(end.error->code == "INCOMPLETE");
  CHECK_FALSE(home.has("made-a"));
  CHECK_FALSE(home.has("made-bad"));
  CHECK_FALSE(home.has("made-slow"));
  CHECK_FALSE(home.has("mark"));
  const auto children = home.store->children_of(end.operation_id);
  const auto undos = home.undos_below(end.operation_id);
  const bool was_made = children.at(0).status == succeeded;
  CHECK(end.effects == (was_made ? Effects::reverted : Effects::none));
  REQUIRE(undos.size() == (was_made ? 1 : 0));
  if (was_made) CHECK(undos[0].undo_of == children[0].operation_id);
  CHECK(home.store->notifications("desktop", 10).size() == 1);
  until("free slots", [&] { return home.manager->load().slots_busy == 0; });
}

TEST_CASE("a parent that fails later undoes its children, last first") {
  Home home;
  const auto end = home.run(home.whole({"a", "b"}, true));
  CHECK(end.status == failed);
  CHECK(end.error->code == "NO_MARK");
  CHECK(end.effects == Effects::reverted);
  CHECK_FALSE(home.has("made-a"));
  const auto undos = home.undos_below(end.operation_id);
  REQUIRE(undos.size() == 2);
  CHECK(undos[0].target_id == "b");
  CHECK(undos[1].target_id == "a");
  for (const auto& undo : undos) CHECK(undo.status == succeeded);
}

TEST_CASE("a hub that dies while children are undone goes on with the same undos") {
  Home home;
  const auto id = home.accept(home.whole({"a", "heavy"}, true));
  home.undo_gate.await_arrival();
  home.open();
  home.undo_gate.open();
  const auto end = home.end_of(id);
  CHECK(end.status == failed);
  CHECK(end.effects == Effects::reverted);
  CHECK(home.undos_below(id).size() == 2);
  CHECK_FALSE(home.has("made-heavy"));
}

TEST_CASE("a cancel of such a parent takes its children back") {
  Home home;
  const auto id = home.accept(home.whole({"a", "slow"}));
  home.gate.await_arrival();
  until("the first child's end",
        [&] { return home.store->children_of(id).at(0).status == succeeded; });
  REQUIRE(home.manager->cancel(id));
  const auto end = home.end_of(id);
  CHECK(end.status == cancelled);
  CHECK(end.effects == Effects::reverted);
  CHECK_FALSE(home.has("made-a"));
  CHECK(home.undos_below(id).size() == 1);
}

TEST_CASE("the undo of a parent undoes its children, and later changes of these are theirs") {
  Home home;
  const auto end = home.run(home.whole({"a", "b"}));
  CHECK(end.status == succeeded);
  REQUIRE(end.can_undo);
  SUBCASE("as it left them") {
    const auto undone =
        home.end_of(home.manager->undo(end.operation_id, {"user", "test"})->state.operation_id);
    CHECK(undone.status == succeeded);
    CHECK(home.undos_below(undone.operation_id).size() == 2);
    CHECK_FALSE(home.has("made-a"));
    CHECK_FALSE(home.has("mark"));
  }
  SUBCASE("changed since: the child says so") {
    CHECK(home.run(Home::request({}, "a")).status == succeeded);
    const auto asked = home.manager->undo(end.operation_id, {"user", "test"});
    REQUIRE(asked);  // nobody has changed what is its own
    const auto undone = home.end_of(asked->state.operation_id);
    CHECK(undone.status == failed);  // by its recipe, which would have to look away
    CHECK(undone.error->code == "OPERATION_NOT_UNDOABLE");
    CHECK(home.has("made-a"));
  }
  SUBCASE("by hand, while the parent counts on it") {
    const auto child = home.store->children_of(end.operation_id).at(0);
    const auto asked = home.manager->undo(child.operation_id, {"user", "test"});
    REQUIRE_FALSE(asked);
    CHECK(asked.error().details.at("why") == "changed_since");
  }
}

TEST_CASE("a kind carries on what an earlier version of it has begun") {
  Bench bench;
  auto& script = bench.script();
  script.steps = [](const Json&) { return std::vector{step("work", nothing)}; };
  bench.options.slots = 0;
  bench.open();
  const auto id = bench.accept();
  script.version = 2;
  bench.options.slots = 1;
  SUBCASE("when it follows that one") {
    script.follows = {1};
    bench.open();
    CHECK(bench.end_of(id).status == succeeded);
  }
  SUBCASE("else it is set aside") {
    bench.open();
    until("a hub that knows it", [&] {
      const auto state = bench.state_of(id);
      return state.reason && state.reason->code == "unknown_kind";
    });
  }
}

}  // namespace
}  // namespace hub::operations
