#include "store/conformance.hpp"

namespace hub::store {
namespace {

OperationError an_error() {
  OperationError error;
  error.type = "OperationFailed";
  error.code = "DEADLINE_EXCEEDED";
  error.message = "it took too long";
  return error;
}

template <class Engine>
OperationId asking(Bench<Engine>& bench, const std::string& skill) {
  const auto id = bench.run(skill);
  bench.move(id, {.status = OperationStatus::waiting_input, .edit = [](OperationState& state) {
                    state.reason = OperationReason{"confirm", {}};
                  }});
  return id;
}

TEST_CASE_TEMPLATE("a cancel before the start ends it at once, and asking again is fine", Engine,
                   HUB_ENGINES) {
  Bench<Engine> bench;
  const auto id = bench.accept("weather");
  const auto cancelled = bench->cancel(id);
  REQUIRE(cancelled);
  CHECK(cancelled->status == OperationStatus::cancelled);
  CHECK(cancelled->can_retry);
  CHECK(bench->cancel(id)->revision == cancelled->revision);
  CHECK_FALSE(bench.claim());
  CHECK(bench->notifications("desktop", 10).size() == 1);
}

TEST_CASE_TEMPLATE("a cancel of a running one asks its run, once", Engine, HUB_ENGINES) {
  Bench<Engine> bench;
  const auto id = bench.run("weather");
  const auto asked = bench->cancel(id);
  CHECK(asked->status == OperationStatus::cancelling);
  CHECK_FALSE(asked->can_cancel);
  CHECK(bench->cancel(id)->revision == asked->revision);
  bench.move(id, OperationStatus::cancelled);
  CHECK(bench->cancel(id)->status == OperationStatus::cancelled);
}

TEST_CASE_TEMPLATE("a cancel of one that waits for a retry lets the next run take it back", Engine,
                   HUB_ENGINES) {
  Bench<Engine> bench;
  const auto id = bench.run("weather");
  bench.move(id, {.status = OperationStatus::accepted,
                  .run_after = bench.clock.now() + std::chrono::hours(1)});
  const auto asked = bench->cancel(id);
  REQUIRE(asked);
  CHECK(asked->status == OperationStatus::accepted);
  CHECK(bench->cancel(id)->revision == asked->revision);
  bench.restart();
  const auto claimed = bench.claim();  // at once
  REQUIRE(claimed);
  CHECK(claimed->state.operation_id == id);
  CHECK(claimed->cancel_requested);
}

TEST_CASE_TEMPLATE("a cancel of one that asks lets the next run take it back", Engine,
                   HUB_ENGINES) {
  Bench<Engine> bench;
  const auto id = asking(bench, "weather");
  CHECK(bench->cancel(id)->status == OperationStatus::accepted);
  CHECK(bench.claim()->cancel_requested);
}

TEST_CASE_TEMPLATE("a cancel is refused for the unknown, the ended and the unstoppable", Engine,
                   HUB_ENGINES) {
  Bench<Engine> bench;
  CHECK(bench->cancel(OperationId("op_none")).error().reason == "operation_not_found");
  CHECK(bench->cancel(OperationId("op_none")).error().code == ErrorCode::not_found);
  const auto done = bench.run("a");
  bench.end(done);
  CHECK(bench->cancel(done).error().reason == "operation_not_active");
  const auto past_final = bench.run("b");
  bench.move(past_final, {.edit = [](OperationState& state) { state.can_cancel = false; }});
  CHECK(bench->cancel(past_final).error().reason == "operation_not_cancellable");
  const auto reverting = bench.run("c");
  bench.move(reverting, OperationStatus::reverting);
  CHECK(bench->cancel(reverting).error().reason == "operation_not_cancellable");
}

TEST_CASE_TEMPLATE("an answer goes to the step that asked, and it is ready again", Engine,
                   HUB_ENGINES) {
  Bench<Engine> bench;
  const auto id = asking(bench, "weather");
  CHECK_FALSE(bench.claim());
  bench.restart();
  CHECK(bench->adopt_orphans().empty());
  const auto confirmed = bench->confirm(id, boost::json::object{{"overwrite", true}});
  REQUIRE(confirmed);
  CHECK(confirmed->status == OperationStatus::accepted);
  CHECK_FALSE(confirmed->reason);
  CHECK(bench->confirm(id, nullptr).error().reason == "operation_not_waiting");
  CHECK(bench->confirm(OperationId("op_x"), nullptr).error().reason == "operation_not_found");
  const auto claimed = bench.claim();
  REQUIRE(claimed);
  CHECK(claimed->steps.at(0).notes.at("answer").at("overwrite") == true);
}

TEST_CASE_TEMPLATE("one given up before it began fails with that error", Engine, HUB_ENGINES) {
  Bench<Engine> bench;
  const auto id = bench.accept("weather");
  const auto failed = bench->give_up(id, an_error());
  REQUIRE(failed);
  CHECK(failed->status == OperationStatus::failed);
  CHECK(failed->error->code == "DEADLINE_EXCEEDED");
  CHECK(failed->message == "it took too long");
  CHECK(failed->expires_at == *failed->finished_at + std::chrono::hours(24 * 90));
  CHECK(bench->give_up(id, an_error()).error().reason == "fenced");
}

TEST_CASE_TEMPLATE("one given up with a journal is run once more, to take it back", Engine,
                   HUB_ENGINES) {
  Bench<Engine> bench;
  const auto id = asking(bench, "weather");
  CHECK(bench->give_up(id, an_error())->status == OperationStatus::accepted);
  const auto claimed = bench.claim();
  REQUIRE(claimed);
  CHECK(claimed->cancel_requested);
  CHECK(claimed->state.error->code == "DEADLINE_EXCEEDED");
  CHECK(bench->give_up(id, an_error()).error().reason == "fenced");  // it runs
  CHECK(bench->give_up(OperationId("op_x"), an_error()).error().reason == "operation_not_found");
}

TEST_CASE_TEMPLATE("live ones past their deadline are told", Engine, HUB_ENGINES) {
  Bench<Engine> bench;
  const auto accept = [&](const std::string& skill, std::chrono::minutes after) {
    auto wanted = bench.wanted(skill);
    wanted.state.deadline_at = bench.clock.now() + after;
    return bench.accept(wanted).operation_id;
  };
  const auto late = accept("a", std::chrono::minutes(1));
  const auto ended = accept("b", std::chrono::minutes(1));
  accept("c", std::chrono::hours(1));
  bench.accept("d");
  CHECK(bench->past_deadline().empty());
  bench.clock.advance(std::chrono::minutes(2));
  REQUIRE(bench->cancel(ended));
  CHECK(ids_of(bench->past_deadline()) == std::vector{late});
  bench.restart();
  CHECK(ids_of(bench->past_deadline()) == std::vector{late});
}

}  // namespace
}  // namespace hub::store
