// Operations that run operations below them.

#include "operations/test_bench.hpp"

namespace hub::operations {
namespace {

using enum OperationStatus;

// A parent of kind "test.many" whose one step runs a child "test.run" for each name in its
// parameters. What a child does is said by its target: "bad" fails, "slow" waits at the gate.
struct Home : Bench {
  Gate gate;
  std::mutex mutex;
  std::vector<OperationState> ends;  // of the children, as the step saw them

  explicit Home(ManagerOptions wanted = {}) : Bench({}, std::move(wanted)) {
    script().steps = [this](const Json& intent) {
      const std::string target(intent.at("target").as_string());
      return std::vector{telling_step(target, directory.path(), gate)};
    };
    script("test.many").steps = [this](const Json& intent) {
      const auto names = intent.at("params").at("names").as_array();
      Step many = step("all", [this, names](StepContext& run) -> Result<> {
        std::vector<OperationRequest> requests;
        for (const auto& name : names) {
          requests.push_back(request({}, std::string(name.as_string())));
          requests.back().initiator = {};
        }
        HUB_TRY(ended, run.run_children(std::move(requests)));
        const std::lock_guard guard(mutex);
        ends = ended;
        for (const auto& child : ended) {
          if (child.status != succeeded) {
            return fail(ErrorCode::invalid, "cannot do it all", "incomplete");
          }
        }
        return {};
      });
      many.kind = StepClass::parent;
      return std::vector{many};
    };
    open();
  }

  ~Home() { close(); }

  OperationId many(const std::vector<std::string>& names) {
    boost::json::array wanted;
    for (const auto& name : names) wanted.emplace_back(name);
    return accept(request({{"names", wanted}}, "all", "test.many"));
  }
};

TEST_CASE("a parent waits for all its children and is told how each ended, in order") {
  Home home;
  const auto end = home.end_of(home.many({"a", "b", "c"}));
  CHECK(end.status == succeeded);
  CHECK(end.effects == Effects::applied);
  REQUIRE(home.ends.size() == 3);
  CHECK(home.ends[0].target_id == "a");
  CHECK(home.ends[2].target_id == "c");
  for (const auto& child : home.ends) {
    CHECK(child.parent_id == end.operation_id);
    CHECK(child.initiator.id == "test");
    CHECK(child.deadline_at == end.deadline_at);
  }
  CHECK(home.store->children_of(end.operation_id).size() == 3);
}

TEST_CASE("one slot is enough for a parent and its children") {
  ManagerOptions one;
  one.slots = 1;
  Home home(std::move(one));
  CHECK(home.end_of(home.many({"a", "b"})).status == succeeded);
  until("a free slot", [&] { return home.manager->load().slots_busy == 0; });
}

TEST_CASE("a parent gets its slot back from a worker that looked for work and found none") {
  ManagerOptions one;
  one.slots = 1;
  Home home(std::move(one));
  const std::jthread others([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      home.database->commits().ring();  // others commit, so that the worker looks again and again
      std::this_thread::yield();
    }
  });
  for (int i = 0; i < 200; ++i) {
    REQUIRE(home.end_of(home.many({"a" + std::to_string(i)})).status == succeeded);
  }
}

TEST_CASE("a child that fails takes itself back and leaves the others alone") {
  Home home;
  const auto end = home.end_of(home.many({"a", "bad", "c"}));
  CHECK(end.status == failed);
  CHECK(end.effects == Effects::partial);
  CHECK(home.has("made-a"));
  CHECK_FALSE(home.has("made-bad"));
  CHECK(home.has("made-c"));
  CHECK(home.ends[1].error->code == "IS_BAD");
  const auto told = home.store->notifications("desktop", 10);
  REQUIRE(told.size() == 1);  // the parent tells it for all of them
  CHECK(told[0].operation_id == end.operation_id);
}

TEST_CASE("a parent none of whose children changed anything has changed nothing") {
  Home home;
  const auto end = home.end_of(home.many({"bad"}));
  CHECK(end.status == failed);
  CHECK(end.effects == Effects::none);
}

TEST_CASE("a cancel of a parent goes to its children") {
  Home home;
  const auto id = home.many({"a", "slow"});
  home.gate.await_arrival();
  until("the first child's end", [&] { return home.has("made-a"); });
  REQUIRE(home.manager->cancel(id));
  const auto end = home.end_of(id);
  CHECK(end.status == cancelled);
  CHECK(home.has("made-a"));
  CHECK_FALSE(home.has("made-slow"));
  for (const auto& child : home.store->children_of(id)) CHECK(is_terminal(child.status));
}

TEST_CASE("a parent outlives the hubs that die in its children, and not its own crashes for ever") {
  Home home;
  const auto id = home.many({"slow"});
  home.gate.await_arrival();
  home.close();
  const auto die = [&](int times) {
    for (int i = 0; i < times; ++i) {
      home.open_store();
      static_cast<void>(home.store->adopt_orphans());
      home.close();
    }
  };
  const auto known = [&] {
    home.open_store();
    const auto record = home.store->find_record(id).value();
    home.close();
    return record.steps.at(0).crashes;
  };
  SUBCASE("three") {
    die(3 - static_cast<int>(known()));
    home.gate.open();
    home.open();
    const auto end = home.end_of(id);
    // The child that was running each time gives up; the parent tells that.
    CHECK(end.status == failed);
    CHECK(end.error->code == "INCOMPLETE");
    REQUIRE(home.ends.size() == 1);
    CHECK(home.ends[0].error->code == "CRASH_LOOP");
  }
  SUBCASE("more than its child can have caused") {
    die(6 - static_cast<int>(known()));
    home.gate.open();
    home.open();
    const auto end = home.end_of(id);
    CHECK(end.status == failed);
    CHECK(end.error->code == "CRASH_LOOP");
  }
}

TEST_CASE("a parent that is taken up again finds the same children") {
  Home home;
  const auto id = home.many({"a", "slow"});
  home.gate.await_arrival();
  until("the first child's end", [&] { return home.has("made-a"); });
  home.open();
  home.gate.open();
  const auto end = home.end_of(id);
  CHECK(end.status == succeeded);
  CHECK(home.store->children_of(id).size() == 2);
  CHECK(home.ends.size() == 2);
}

TEST_CASE("a parent that is cancelled before it is taken up again ends its children first") {
  Home home;
  const auto id = home.many({"slow", "slow"});  // the second waits for the first one's lock
  home.gate.await_arrival();
  home.options.slots = 0;
  home.open();
  REQUIRE(home.manager->cancel(id));
  home.options.slots = 2;
  home.open();
  CHECK(home.end_of(id).status == cancelled);
  const auto children = home.store->children_of(id);
  REQUIRE(children.size() == 2);
  for (const auto& child : children) CHECK(child.status == cancelled);
}

TEST_CASE("a parent that died before it asked for a child, and is cancelled, has changed nothing") {
  Home home;
  home.options.slots = 0;
  home.open();
  const auto id = home.many({"a"});
  home.claim_and_die();
  home.open();
  REQUIRE(home.manager->cancel(id));
  home.options.slots = 2;
  home.open();
  const auto end = home.end_of(id);
  CHECK(end.status == cancelled);
  CHECK(end.effects == Effects::none);
  CHECK(home.store->children_of(id).empty());
}

TEST_CASE("a child that cannot be accepted ends those that were, and is the step's error") {
  Home home;
  home.script().resolve = [plain = home.script().resolve](const OperationRequest& asked) {
    if (asked.target_id == "refused") {
      return Result<Plan>(fail(ErrorCode::not_found, "cannot find refused", "unknown_thing"));
    }
    return plain(asked);
  };
  const auto end = home.end_of(home.many({"slow", "refused"}));
  CHECK(end.status == failed);
  CHECK(end.error->code == "UNKNOWN_THING");
  const auto children = home.store->children_of(end.operation_id);
  REQUIRE(children.size() == 1);
  CHECK(children[0].status == cancelled);
}

}  // namespace
}  // namespace hub::operations
