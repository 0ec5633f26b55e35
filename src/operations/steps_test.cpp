// What can happen to one step: it hangs, throws, runs out of time, is tried again, asks, falls
// silent, or is the point of no return.

#include "operations/test_bench.hpp"

namespace hub::operations {
namespace {

using enum OperationStatus;
using std::chrono::milliseconds;
using std::chrono::seconds;

// A bench whose script is one step after "first", which leaves a file.
struct One : Bench {
  Step what = step("second", nothing);

  ~One() { close(); }

  void begin() {
    script().steps = [this](const Json&) {
      return std::vector{file_step("first", directory.path()), what};
    };
    open();
  }
};

Result<> until_stopped(StepContext& run) {
  Gate closed;
  closed.pass(run);
  return fail(ErrorCode::cancelled, "cannot go on: stopped");
}

TEST_CASE("a step past its timeout is asked to stop, and its error says so") {
  One one;
  std::promise<void> began;
  one.what.timeout = seconds(20);
  one.what.run = [&](StepContext& run) {
    began.set_value();
    return until_stopped(run);
  };
  one.begin();
  const auto id = one.accept();
  began.get_future().get();
  one.clock.advance(seconds(19));
  CHECK(one.state_of(id).status == running);
  one.clock.advance(seconds(2));
  const auto end = one.end_of(id);
  CHECK(end.status == failed);
  CHECK(end.error->code == "STEP_TIMEOUT");
  CHECK(end.error->retryable);
  CHECK(end.error->details.at("timeout_ms") == 20'000);
  REQUIRE(end.error->causes);
  CHECK(end.error->causes->at(0).message == "cannot go on: stopped");
  CHECK_FALSE(one.has("first"));
}

TEST_CASE("a step that answers although its time is over has done its work") {
  One one;
  Gate gate;
  one.what.timeout = seconds(20);
  one.what.run = [&](StepContext&) -> Result<> {
    gate.hold();
    return {};
  };
  one.begin();
  const auto id = one.accept();
  gate.await_arrival();
  one.clock.advance(seconds(30));
  gate.open();
  CHECK(one.end_of(id).status == succeeded);
}

TEST_CASE("a step that does not listen is flagged as stalled until it moves again") {
  One one;
  Gate deaf, talking;
  one.script().stall_after = seconds(5);
  one.what.timeout = std::chrono::minutes(1);
  one.what.run = [&](StepContext& run) -> Result<> {
    deaf.hold();
    run.log("here I am");
    talking.hold();
    return {};
  };
  one.begin();
  const auto id = one.accept();
  deaf.await_arrival();
  CHECK_FALSE(one.state_of(id).stalled_since);
  one.clock.advance(seconds(6));
  until("the flag", [&] { return one.state_of(id).stalled_since.has_value(); });
  until("the flag is counted", [&] { return one.manager->load().stalled == 1; });
  CHECK(one.store->find(id)->stalled_since);  // durable
  deaf.open();
  until("no flag", [&] { return !one.state_of(id).stalled_since; });
  until("it is counted no more", [&] { return one.manager->load().stalled == 0; });
  talking.open();
  CHECK(one.end_of(id).status == succeeded);
  CHECK(one.store->fenced_writes() == 0);
}

TEST_CASE("a step that talks on past its time is flagged too") {
  One one;
  Gate gate;
  std::atomic<bool> enough{false};
  one.script().stall_after = std::chrono::hours(1);
  one.what.timeout = seconds(10);
  one.what.run = [&](StepContext& run) -> Result<> {
    gate.open();
    while (!enough) {
      run.progress({0, std::nullopt, "words"}, "blah");
      std::this_thread::sleep_for(milliseconds(2));
    }
    return {};
  };
  one.begin();
  const auto id = one.accept();
  until("a word", [&] { return one.state_of(id).message == "blah"; });
  one.clock.advance(seconds(15));
  CHECK_FALSE(one.state_of(id).stalled_since);  // it may be about to stop
  one.clock.advance(seconds(6));
  until("the flag", [&] { return one.state_of(id).stalled_since.has_value(); });
  enough = true;
  one.end_of(id);
}

TEST_CASE("an error that may pass is tried again later, without a worker, with the locks kept") {
  One one;
  std::atomic<int> runs{0};
  one.what.retry = {.attempts_max = 3, .delay_first = seconds(8), .delay_max = seconds(60)};
  one.what.run = [&](StepContext&) -> Result<> {
    if (++runs < 3) return fail(ErrorCode::unavailable, "cannot reach it", "unreachable");
    return {};
  };
  one.begin();
  const auto id = one.accept();
  one.await_backoff(id);
  const auto waiting = one.state_of(id);
  REQUIRE(waiting.reason);
  CHECK(waiting.reason->code == "retry_backoff");
  CHECK(waiting.reason->params.at("step") == "second");
  CHECK(waiting.reason->params.at("attempt") == 2);
  const auto at = parse_time(waiting.reason->params.at("at").as_string()).value();
  CHECK(at - one.clock.now() >= seconds(4));  // jitter takes away at most half
  CHECK(at - one.clock.now() <= seconds(8));
  until("a free worker", [&] { return one.manager->load().slots_busy == 0; });
  const auto other = one.manager->accept(Bench::request({{"other", 1}})).value();
  CHECK(other.state.blocked_by->at(0) == id);
  one.clock.advance(seconds(8));
  until("the second try", [&] { return runs == 2; });
  one.await_backoff(id);
  const auto next = parse_time(one.state_of(id).reason->params.at("at").as_string()).value();
  CHECK(next - one.clock.now() >= seconds(8));
  CHECK(next - one.clock.now() <= seconds(16));
  one.clock.advance(seconds(16));
  CHECK(one.end_of(id).status == succeeded);
  CHECK(runs == 3);
  CHECK(one.end_of(other.state.operation_id).status == succeeded);
}

TEST_CASE("tries end, and the error says how many there were") {
  One one;
  one.what.retry = {.attempts_max = 2, .delay_first = milliseconds(10)};
  one.what.run = [](StepContext&) -> Result<> {
    return fail(ErrorCode::unavailable, "cannot reach it", "unreachable");
  };
  one.begin();
  const auto id = one.accept();
  one.await_backoff(id);
  one.clock.advance(seconds(1));
  const auto end = one.end_of(id);
  CHECK(end.status == failed);
  CHECK(end.error->details.at("attempts") == 2);
  CHECK_FALSE(one.has("first"));
}

TEST_CASE("only what may pass is tried again") {
  One one;
  one.what.retry = {.attempts_max = 5};
  one.what.run = [](StepContext&) -> Result<> { return fail(ErrorCode::invalid, "cannot ever"); };
  one.begin();
  CHECK(one.run().status == failed);
}

TEST_CASE("a try is not made when the step finds its effect there already") {
  One one;
  std::atomic<int> runs{0};
  one.what = file_step("second", one.directory.path());
  one.what.retry = {.attempts_max = 3, .delay_first = milliseconds(10)};
  one.what.run = [&](StepContext&) -> Result<> {
    ++runs;
    HUB_CHECK(write_file_atomic(one.directory.path() / "second", "done after all"));
    return fail(ErrorCode::unavailable, "cannot hear the answer", "no_answer");
  };
  one.begin();
  const auto id = one.accept();
  one.await_backoff(id);
  one.clock.advance(seconds(1));
  CHECK(one.end_of(id).status == succeeded);
  CHECK(runs == 1);
}

TEST_CASE("a stop of the hub in the middle of a try does not count as one") {
  One one;
  std::atomic<int> runs{0};
  Gate gate;
  one.what.retry = {.attempts_max = 2, .delay_first = milliseconds(10)};
  one.what.run = [&](StepContext& run) -> Result<> {
    ++runs;
    if (!gate.pass(run)) return fail(ErrorCode::unavailable, "cannot go on: stopped");
    return {};
  };
  one.begin();
  const auto id = one.accept();
  for (int boot = 1; boot <= 4; ++boot) {
    gate.await_arrivals(boot);
    one.open();
  }
  gate.await_arrivals(5);
  gate.open();
  CHECK(one.end_of(id).status == succeeded);
  CHECK(runs == 5);
}

TEST_CASE("a cancel while a try is waited for takes back what was done") {
  One one;
  one.what.retry = {.attempts_max = 3, .delay_first = std::chrono::hours(1)};
  one.what.run = [](StepContext&) -> Result<> {
    return fail(ErrorCode::unavailable, "cannot reach it");
  };
  one.begin();
  const auto id = one.accept();
  one.await_backoff(id);
  CHECK(one.has("first"));
  REQUIRE(one.manager->cancel(id));
  const auto end = one.end_of(id);
  CHECK(end.status == cancelled);
  CHECK(end.effects == Effects::reverted);
  CHECK_FALSE(one.has("first"));
}

TEST_CASE("a step asks a person, and goes on with the answer") {
  One one;
  std::atomic<int> asked{0};
  one.what.run = [&](StepContext& run) -> Result<> {
    ++asked;
    HUB_TRY(colour, run.ask("which_colour", {{"wall", "north"}}));
    HUB_TRY(sure, run.ask("sure", {{"answers", {"yes", "no"}}}));
    run.result("colour", colour);
    run.result("sure", sure);
    return {};
  };
  one.begin();
  const auto id = one.accept();
  one.await_status(id, waiting_input);
  auto state = one.state_of(id);
  CHECK(state.reason->code == "confirm");
  CHECK(state.reason->params.at("question") == "which_colour");
  CHECK(state.reason->params.at("params").at("wall") == "north");
  until("a free worker", [&] { return one.manager->load().slots_busy == 0; });
  one.open();  // a restart forgets nothing
  CHECK(one.state_of(id).status == waiting_input);
  REQUIRE(one.manager->confirm(id, Json("blue")));
  until("the second question", [&] {
    state = one.state_of(id);
    return state.status == waiting_input && state.reason->params.at("question") == "sure";
  });
  const auto refused = one.manager->confirm(id, Json("perhaps"));
  CHECK(refused.error().reason == "answer_unknown");
  REQUIRE(one.manager->confirm(id, Json("yes")));
  const auto end = one.end_of(id);
  CHECK(end.status == succeeded);
  CHECK(end.result->at("colour") == "blue");
  CHECK(end.result->at("sure") == "yes");
  CHECK(asked == 3);
  CHECK(one.manager->confirm(id, Json("late")).error().reason == "operation_not_waiting");
}

TEST_CASE("a cancel while an answer is waited for takes back what was done") {
  One one;
  one.what.run = [](StepContext& run) -> Result<> {
    HUB_TRY(answer, run.ask("really", {}));
    return {};
  };
  one.begin();
  const auto id = one.accept();
  one.await_status(id, waiting_input);
  REQUIRE(one.manager->cancel(id));
  CHECK(one.end_of(id).status == cancelled);
  CHECK_FALSE(one.has("first"));
}

TEST_CASE("a step that a cancel has kept from beginning has left nothing") {
  Bench bench;
  int runs = 0;
  bench.script().steps = [&](const Json&) {
    Step told = step("told", [&](StepContext& run) -> Result<> {
      REQUIRE(bench.manager->cancel(run.operation_id()));
      return {};
    });
    Step sent = step("sent", [&](StepContext&) -> Result<> {
      ++runs;
      return {};
    });
    sent.kind = StepClass::external_idempotent;
    return std::vector{told, sent};
  };
  bench.open();
  const auto end = bench.run();
  CHECK(end.status == cancelled);
  CHECK(end.effects == Effects::none);
  CHECK(end.message == "cancelled before it changed anything");
  CHECK(runs == 0);
}

TEST_CASE("what a step leaves in the log is there, beside what the engine says about it") {
  One one;
  one.what.run = [](StepContext& run) -> Result<> {
    run.log("counted to three");
    run.warn("three is a small number");
    return {};
  };
  one.begin();
  const auto end = one.run();
  const auto log = one.log_of(end.operation_id);
  CHECK(log.find("second: begins\n") != std::string::npos);
  CHECK(log.find("second: counted to three\n") != std::string::npos);
  CHECK(log.find("second: warning: three is a small number\n") != std::string::npos);
  CHECK(log.find("operation: succeeded") != std::string::npos);
  CHECK(end.warnings->at(0) == "three is a small number");
  CHECK_FALSE(end.log_tail->empty());
  CHECK(end.log_href == "/api/operations/" + end.operation_id.text() + "/log");
}

}  // namespace
}  // namespace hub::operations
