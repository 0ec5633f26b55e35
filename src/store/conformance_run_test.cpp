#include "store/conformance.hpp"
#include "store/transitions.hpp"

namespace hub::store {
namespace {

TEST_CASE_TEMPLATE("a claim takes the first class, then urgency, then age", Engine, HUB_ENGINES) {
  Bench<Engine> bench;
  const auto accept = [&](const std::string& skill, Priority priority) {
    auto wanted = bench.wanted(skill);
    wanted.state.priority = priority;
    return bench.accept(wanted).operation_id;
  };
  const auto background = accept("a", Priority::background);
  const auto normal = accept("b", Priority::normal);
  const auto later_normal = accept("c", Priority::normal);
  const auto interactive = accept("d", Priority::interactive);
  bench.restart();
  CHECK(bench.claim(Priority::normal)->state.operation_id == normal);
  CHECK(bench.claim()->state.operation_id == interactive);
  CHECK(bench.claim()->state.operation_id == later_normal);  // none of the first class is left
  CHECK(bench.claim()->state.operation_id == background);
  CHECK_FALSE(bench.claim());
}

TEST_CASE_TEMPLATE("a kind that may not run now is passed over", Engine, HUB_ENGINES) {
  Bench<Engine> bench;
  bench.accept("a", "model.download");
  bench.accept("b", "model.download");
  const auto install = bench.accept("c");
  CHECK(bench.claim()->state.operation_id == install);
  CHECK_FALSE(bench.claim());
  CHECK(bench->next_ready());  // for others
}

TEST_CASE_TEMPLATE("a claimed operation runs, with its first step in intent", Engine, HUB_ENGINES) {
  Bench<Engine> bench;
  const auto id = bench.accept("weather");
  const auto claimed = bench.claim();
  REQUIRE(claimed);
  CHECK(claimed->state.status == OperationStatus::running);
  CHECK(claimed->state.current_step == "fetch");
  CHECK(claimed->state.started_at);
  REQUIRE(claimed->steps.size() == 1);
  CHECK(claimed->steps[0].phase == StepPhase::intent);
  CHECK(bench.now(id).revision == 2);
}

TEST_CASE_TEMPLATE("one sent back waits for its time, keeps its locks and its journal", Engine,
                   HUB_ENGINES) {
  Bench<Engine> bench;
  const auto id = bench.run("weather");
  const auto behind = bench.accept("weather", "skill.uninstall");
  const Time due = bench.clock.now() + std::chrono::seconds(30);
  StepRecord step{0, "fetch", StepPhase::intent, 0, 1, {{"url", "x"}}};
  bench.move(
      id,
      {.status = OperationStatus::accepted,
       .steps = {step},
       .edit = [](OperationState& state) { state.reason = OperationReason{"retry_backoff", {}}; },
       .run_after = due});
  CHECK(bench->advance(id, {}).error().reason == "fenced");  // nobody's now
  bench.restart();
  CHECK(bench->adopt_orphans().empty());
  CHECK_FALSE(bench.claim());
  CHECK(bench->next_ready() == due);
  CHECK(bench.now(id).reason->code == "retry_backoff");
  CHECK_FALSE(bench.now(id).queue_position);
  CHECK(bench.now(behind).blocked_by == std::vector{id});
  bench.clock.advance(std::chrono::seconds(31));
  CHECK(*bench->next_ready() <= bench.clock.now());
  const auto again = bench.claim();
  REQUIRE(again);
  CHECK(again->state.operation_id == id);
  CHECK_FALSE(again->state.reason);
  REQUIRE(again->steps.size() == 1);
  CHECK(again->steps[0].attempts == 1);
  CHECK(again->steps[0].notes.at("url") == "x");
}

TEST_CASE_TEMPLATE("nothing is ready until something changes", Engine, HUB_ENGINES) {
  Bench<Engine> bench;
  CHECK_FALSE(bench->next_ready());
  bench.accept("weather");
  CHECK(bench->next_ready() == bench.clock.now());
  bench.claim();
  bench.accept("weather", "skill.uninstall");  // waits for the lock
  CHECK_FALSE(bench->next_ready());
}

TEST_CASE_TEMPLATE("every pair of the table may follow and no other one", Engine, HUB_ENGINES) {
  using enum OperationStatus;
  const std::vector<std::pair<OperationStatus, std::vector<OperationStatus>>> ways{
      {running, {}}, {cancelling, {cancelling}}, {reverting, {reverting}}};
  for (const auto& [from, way] : ways) {
    for (const auto to :
         {accepted, running, waiting_input, cancelling, reverting, succeeded, failed, cancelled}) {
      if (to == from) continue;
      Bench<Engine> bench;
      const auto id = bench.run("weather");
      for (const auto step : way) bench.move(id, step);
      const auto before = bench.now(id);
      const auto moved = bench->advance(id, {.status = to});
      CHECK(moved.has_value() == may_follow(from, to));
      if (moved) continue;
      CHECK(moved.error().reason == "fenced");
      CHECK(bench.now(id).revision == before.revision);
      CHECK(bench->fenced_writes() == 1);
    }
  }
}

TEST_CASE_TEMPLATE("an ended operation never moves again", Engine, HUB_ENGINES) {
  Bench<Engine> bench;
  const auto id = bench.run("weather");
  const auto ended = bench.end(id);
  CHECK(ended.finished_at);
  CHECK_FALSE(ended.can_cancel);
  CHECK_FALSE(ended.current_step);
  CHECK(ended.expires_at == *ended.finished_at + std::chrono::hours(24 * 30));
  CHECK(bench->advance(id, {.status = OperationStatus::failed}).error().reason == "fenced");
  CHECK(bench->advance(id, {}).error().code == ErrorCode::conflict);
  CHECK(bench.now(id).revision == ended.revision);
}

TEST_CASE_TEMPLATE("what ends an operation becomes true with it: artifacts, notification, event",
                   Engine, HUB_ENGINES) {
  Bench<Engine> bench;
  const auto id = bench.run("weather");
  InstalledArtifact artifact;
  artifact.name = "weather";
  bench.move(id, {.status = OperationStatus::succeeded,
                  .artifacts = {artifact},
                  .edit = [](OperationState& state) { state.message = "weather is installed"; }});
  const auto told = bench->notifications("desktop", 10);
  REQUIRE(told.size() == 1);
  CHECK(told[0].id == "notif:" + id.text() + ":success");
  CHECK(told[0].message == "weather is installed");
  CHECK(bench->find_installed(ArtifactKind::skill, "weather"));
  const auto removal = bench.run("weather");
  bench.move(removal, {.status = OperationStatus::succeeded,
                       .artifacts = {ArtifactRemoval{ArtifactKind::skill, "weather"}}});
  CHECK(bench->installed().empty());
}

TEST_CASE_TEMPLATE("what an earlier boot left running is adopted, and its crash is counted", Engine,
                   HUB_ENGINES) {
  Bench<Engine> bench;
  const auto id = bench.run("weather");
  bench.accept("alarm");
  bench.restart();
  CHECK(bench->advance(id, {}).error().reason == "fenced");  // not ours yet
  auto orphans = bench->adopt_orphans();
  REQUIRE(orphans.size() == 1);
  REQUIRE(orphans[0].steps.size() == 1);
  CHECK(orphans[0].steps[0].crashes == 1);
  CHECK(bench->advance(id, {}));
  bench->mark_drained(std::array{id});
  bench.restart();
  CHECK(bench->adopt_orphans().at(0).steps[0].crashes == 1);  // ended in good order
  CHECK(bench->fenced_writes() == 0);                         // of this boot
}

TEST_CASE_TEMPLATE("the middle of the last few times of a step is told by kind", Engine,
                   HUB_ENGINES) {
  Bench<Engine> bench;
  CHECK(bench->step_times(OperationKind("skill.install")).empty());
  const auto id = bench.run("weather");
  for (const std::int64_t took : {900, 10, 30, 20, 1000}) {
    bench.move(id, {.times = {{"fetch", took}}});
  }
  CHECK(bench->step_times(OperationKind("skill.install")).at("fetch") == 30);
  for (int i = 0; i < 20; ++i) bench.move(id, {.times = {{"fetch", 5}}});
  CHECK(bench->step_times(OperationKind("skill.install")).at("fetch") == 5);
  CHECK(bench->step_times(OperationKind("skill.uninstall")).empty());
}

}  // namespace
}  // namespace hub::store
