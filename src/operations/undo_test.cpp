// Taking back what has ended, and doing again what has failed.

#include "operations/test_bench.hpp"

namespace hub::operations {
namespace {

using enum OperationStatus;
using std::chrono::hours;

const Initiator somebody{"user", "somebody"};

// Two steps that each leave a file; "fail" in the parameters fails after them.
struct House : Bench {
  std::mutex mutex;
  std::vector<OperationId> cleaned;
  std::atomic<bool> undo_fails{false};
  std::atomic<bool> fails{true};

  House() {
    script().undo_window = hours(2);
    script().clean_up = [this](const OperationId& id) {
      const std::lock_guard guard(mutex);
      cleaned.push_back(id);
    };
    script().steps = [this](const Json& intent) {
      const auto params = intent.at("params").as_object();
      std::vector<Step> steps;
      for (const std::string name : {"walls", "roof"}) {
        Step part = file_step(name, directory.path());
        part.undo = [this, name, plain = part.undo](StepContext& run) -> Result<> {
          if (undo_fails && name == "walls") return fail(ErrorCode::unavailable, "cannot: stuck");
          // What it noted when it was done is here, under the id it was done with.
          if (run.notes().at("file").as_string() != (directory.path() / name).string()) {
            return fail(ErrorCode::invalid, "cannot find the notes");
          }
          run.log("takes down " + run.operation_id().text());
          return plain(run);
        };
        steps.push_back(std::move(part));
      }
      if (params.contains("fail")) {
        steps.push_back(step("paint", [this](StepContext&) -> Result<> {
          if (!fails) return {};
          return fail(ErrorCode::unavailable, "cannot paint", "no_paint");
        }));
      }
      return steps;
    };
    open();
  }
  ~House() { close(); }

  bool is_cleaned(const OperationId& id) {
    const std::lock_guard guard(mutex);
    return std::ranges::find(cleaned, id) != cleaned.end();
  }
  std::string why(const OperationId& id) {
    const auto refused = manager->undo(id, somebody);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().reason == "operation_not_undoable");
    return std::string(refused.error().details.at("why").as_string());
  }
};

TEST_CASE("what succeeded can be taken back within its window, by an operation of its own") {
  House house;
  const auto built = house.run();
  CHECK(built.can_undo);
  CHECK(built.undo_until == *built.finished_at + hours(2));
  CHECK_FALSE(house.is_cleaned(built.operation_id));
  house.open();  // a restart keeps what the undo needs
  const auto undo = house.manager->undo(built.operation_id, somebody);
  REQUIRE(undo);
  const auto& begun = undo->state;
  CHECK(begun.kind == built.kind);
  CHECK(begun.undo_of == built.operation_id);
  CHECK(begun.title_key == "operation.undo");
  CHECK(begun.title_args.at("kind") == "test.run");
  CHECK(begun.title_args.at("name") == "north");
  REQUIRE(begun.steps.size() == 3);
  CHECK(begun.steps[0].name == "check");
  CHECK(begun.steps[1].name == "undo roof");
  CHECK(begun.steps[2].name == "undo walls");
  CHECK(begun.initiator.id == "somebody");
  const auto end = house.end_of(begun.operation_id);
  CHECK(end.status == succeeded);
  CHECK(end.effects == Effects::applied);
  CHECK_FALSE(end.can_undo);
  CHECK_FALSE(house.has("walls"));
  CHECK_FALSE(house.has("roof"));
  CHECK(house.log_of(end.operation_id).find("takes down " + built.operation_id.text()) !=
        std::string::npos);
  CHECK_FALSE(house.state_of(built.operation_id).can_undo);
  CHECK(house.why(built.operation_id) == "undone");
  CHECK(house.why(end.operation_id) == "nothing_kept");
}

TEST_CASE("a window ends, and what was kept goes") {
  House house;
  const auto built = house.run();
  house.clock.advance(hours(3));
  CHECK_FALSE(house.state_of(built.operation_id).can_undo);
  CHECK(house.why(built.operation_id) == "too_late");
  house.open();  // the janitor looks at start, then every minute
  until("the clean-up", [&] { return house.is_cleaned(built.operation_id); });
}

TEST_CASE("what needs no undo is cleaned up soon after its end") {
  House house;
  house.script().undo_window = std::chrono::seconds(0);
  const auto built = house.run();
  CHECK_FALSE(built.can_undo);
  until("the clean-up", [&] { return house.is_cleaned(built.operation_id); });
  CHECK(house.why(built.operation_id) == "nothing_kept");
}

TEST_CASE("what somebody has changed since is not taken back") {
  House house;
  const auto first = house.run();
  house.clock.advance(std::chrono::seconds(1));
  const auto second = house.run(Bench::request({{"again", 1}}));
  const auto refused = house.manager->undo(first.operation_id, somebody);
  CHECK(refused.error().details.at("why") == "changed_since");
  CHECK(refused.error().details.at("changed_by").as_array().at(0) ==
        Json(second.operation_id.text()));
  CHECK(house.manager->undo(second.operation_id, somebody));
}

TEST_CASE("a change that came while the undo waited for its locks stops it") {
  House house;
  Gate gate;
  const auto built = house.run();
  house.script("test.other").steps = [&](const Json&) {
    Step holds = step("one", [&](StepContext& run) -> Result<> {
      gate.pass(run);
      return {};
    });
    holds.kind = StepClass::external_idempotent;
    return std::vector{holds};
  };
  house.open();
  const auto other = house.accept(Bench::request({}, "north", "test.other"));
  gate.await_arrival();
  const auto undo = house.manager->undo(built.operation_id, somebody);
  REQUIRE(undo);
  CHECK(undo->state.blocked_by->at(0) == other);
  gate.open();
  house.end_of(other);
  const auto end = house.end_of(undo->state.operation_id);
  CHECK(end.status == failed);
  CHECK(end.error->code == "OPERATION_NOT_UNDOABLE");
  CHECK(end.effects == Effects::none);
  CHECK(house.has("walls"));
}

TEST_CASE("a failed one with something left can be undone until nothing is") {
  House house;
  house.undo_fails = true;
  const auto end = house.run(Bench::request({{"fail", true}}));
  CHECK(end.status == failed);
  CHECK(end.effects == Effects::partial);
  CHECK(end.can_undo);
  CHECK(house.has("walls"));
  const auto first = house.manager->undo(end.operation_id, somebody).value();
  const auto failed_undo = house.end_of(first.state.operation_id);
  CHECK(failed_undo.status == failed);
  CHECK(failed_undo.effects == Effects::partial);
  CHECK_FALSE(failed_undo.can_retry);
  CHECK(house.manager->retry(failed_undo.operation_id, somebody).error().details.at("why") ==
        "undo");
  house.undo_fails = false;
  house.open();
  const auto second = house.manager->undo(end.operation_id, somebody).value();
  REQUIRE(second.state.steps.size() == 2);  // the roof was taken down at once
  CHECK(second.state.steps[1].name == "undo walls");
  CHECK(house.end_of(second.state.operation_id).status == succeeded);
  CHECK_FALSE(house.has("walls"));
  CHECK(house.why(end.operation_id) == "undone");
}

TEST_CASE("what is not over is cancelled, not undone, and what is unknown is not found") {
  House house;
  house.options.slots = 0;
  house.open();
  CHECK(house.why(house.accept()) == "active");
  CHECK(house.manager->undo(OperationId("op_none"), somebody).error().reason ==
        "operation_not_found");
}

TEST_CASE("two clicks on undo are one undo") {
  House house;
  const auto built = house.run();
  house.options.slots = 0;
  house.open();
  const auto first = house.manager->undo(built.operation_id, somebody);
  REQUIRE(first);
  CHECK(house.why(built.operation_id) == "undone");
}

TEST_CASE("a retry is a new operation with the same request") {
  House house;
  auto wanted = Bench::request({{"fail", true}, {"colour", "red"}});
  wanted.priority = Priority::background;
  const auto first = house.run(wanted);
  CHECK(first.status == failed);
  CHECK(first.can_retry);
  const auto again = house.manager->retry(first.operation_id, somebody);
  REQUIRE(again);
  CHECK(again->state.retry_of == first.operation_id);
  CHECK(again->state.attempt == 2);
  CHECK(again->state.priority == Priority::background);
  CHECK(again->state.initiator.id == "somebody");
  CHECK(house.end_of(again->state.operation_id).status == failed);
  house.fails = false;
  const auto third = house.manager->retry(again->state.operation_id, somebody);
  REQUIRE(third);
  CHECK(third->state.attempt == 3);
  CHECK(house.end_of(third->state.operation_id).status == succeeded);
  const auto refused = house.manager->retry(again->state.operation_id, somebody);
  CHECK(refused.error().reason == "operation_not_retryable");
  CHECK(refused.error().details.at("successor") == Json(third->state.operation_id.text()));
  CHECK(house.manager->retry(third->state.operation_id, somebody).error().details.at("why") ==
        "status");
}

}  // namespace
}  // namespace hub::operations
