#include "operations/rendering.hpp"

#include <doctest/doctest.h>

#include "operations/progress.hpp"

namespace hub::operations {
namespace {

using std::chrono::milliseconds;

struct Press {
  TemporaryDirectory directory;
  ManualClock clock{from_millis(1'800'000'000'000)};
  OperationLogs logs{directory.path(), clock};

  static OperationState state() {
    OperationState state;
    state.operation_id = OperationId("op_019b0000-0000-7000-8000-000000000001");
    state.kind = OperationKind("test.run");
    state.message = "busy";
    return state;
  }
  static std::size_t size_of(const OperationState& state) {
    return boost::json::serialize(to_json(state)).size();
  }
};

TEST_CASE("an error says its causes, those of the recipe first") {
  Error error{ErrorCode::unavailable, "cannot", "step_timeout", "wait", {{"a", 1}}};
  error.details["causes"] = boost::json::array{{{"code", "CHILD"}, {"message", "bad child"}}};
  const std::vector behind{Error{ErrorCode::cancelled, "stopped", "", "", {}}};
  const auto told = rendered(error, "fetch", 2, behind);
  CHECK(told.code == "STEP_TIMEOUT");
  CHECK(told.attempt == 2);
  CHECK(told.retryable);
  CHECK(told.hint == "wait");
  CHECK_FALSE(told.details.contains("causes"));
  REQUIRE(told.causes->size() == 2);
  CHECK(told.causes->at(0).code == "CHILD");
  CHECK(told.causes->at(1).code == "CANCELLED");
  CHECK_FALSE(rendered(Error{ErrorCode::invalid, "x", "", "", {}}, "s", 1).causes);
}

TEST_CASE("a text is never cut within a character") {
  const std::string cyrillic = "Утренняя сводка";
  for (std::size_t max = 4; max < cyrillic.size(); ++max) {
    const auto cut = shortened(cyrillic, max);
    CHECK(cut.size() <= max);
    CHECK(cut.ends_with("…"));
    CHECK((static_cast<unsigned char>(cut[0]) == 0xD0 || cut == "…"));
    const auto kept = cut.substr(0, cut.size() - std::string("…").size());
    CHECK(cyrillic.starts_with(kept));
    CHECK((static_cast<unsigned char>(cyrillic[kept.size()]) & 0xC0U) != 0x80U);
  }
}

TEST_CASE("a state with everything too long at once is still small enough") {
  Press press;
  auto state = Press::state();
  const std::string cries(20'000, 'a');
  state.message = cries;
  for (int i = 0; i < 400; ++i) {
    state.steps.push_back({"fetch skill:skill_with_a_long_name_" + std::to_string(i),
                           i < 200 ? StepStatus::done : StepStatus::pending, 5, press.clock.now(),
                           press.clock.now()});
    state.resources.emplace_back("skill:skill_with_a_long_name_" + std::to_string(i));
  }
  state.warnings = std::vector<std::string>(60, cries);
  state.error = rendered(Error{ErrorCode::invalid, cries, "r", cries, {{"output", cries}}}, "s", 1,
                         std::vector<Error>(50, Error{ErrorCode::invalid, cries, "", "", {}}));
  state.title_args = {{"title", cries}};
  state.reason = OperationReason{"confirm", {{"question", cries}}};
  state.result = Json(boost::json::object{{"list", boost::json::array(5000, Json("x"))}});
  fit(state, press.logs);
  CHECK(Press::size_of(state) <= stored_state_bytes_max);
  CHECK(state.operation_id == Press::state().operation_id);
  CHECK(state.error->code == "R");
  state.log_tail = std::vector<std::string>(log_tail_lines, std::string(120, 'x'));
  CHECK(Press::size_of(state) <= 8192);
}

TEST_CASE("of many steps the finished and the distant are folded, the near ones stay") {
  Press press;
  auto state = Press::state();
  for (int i = 0; i < 100; ++i) {
    const auto status = i < 50    ? StepStatus::done
                        : i == 50 ? StepStatus::running
                                  : StepStatus::pending;
    state.steps.push_back({"step " + std::to_string(i), status, 2, press.clock.now(), {}});
  }
  fit(state, press.logs);
  CHECK(state.steps.size() <= 24);
  int weight = 0;
  std::vector<std::string> names;
  for (const auto& step : state.steps) {
    weight += step.weight;
    names.push_back(step.name);
  }
  CHECK(weight == 200);
  CHECK(std::ranges::find(names, "step 50") != names.end());
  CHECK(names.front() == "50 steps that are done");
  CHECK(names.back().ends_with(" steps to come"));
  CHECK(std::ranges::find(names, "step 51") != names.end());
}

TEST_CASE("a result that is too large is kept whole beside the log") {
  Press press;
  auto state = Press::state();
  boost::json::array many;
  for (int i = 0; i < 1000; ++i) many.emplace_back(i);
  const Json whole = boost::json::object{{"version", "1.2.3"}, {"many", many}};
  state.result = whole;
  fit(state, press.logs);
  CHECK(state.result->at("too_large") == true);
  CHECK(state.result->at("version") == "1.2.3");
  CHECK_FALSE(state.result->as_object().contains("many"));
  CHECK(*whole_result(state, press.logs) == whole);
}

TEST_CASE("weights are learned, and guessed on the same scale where nothing is known") {
  const auto named = [](const char* name, int weight) {
    Step step;
    step.name = name;
    step.weight = weight;
    return step;
  };
  const std::vector steps{named("fetch skill:a", 5), named("verify skill:a", 1),
                          named("prepare skill:a", 4)};
  CHECK(weights_of(steps, {}) == std::vector{5, 1, 4});
  CHECK(weights_of(steps, {{"fetch", 1000}, {"verify", 200}, {"prepare", 30'000}}) ==
        std::vector{1000, 200, 30'000});
  CHECK(weights_of(steps, {{"fetch", 1000}}) == std::vector{1000, 200, 800});
  CHECK(weights_of(steps, {{"fetch", 0}}) == std::vector{5, 1, 4});
}

TEST_CASE("rate and ETA are of the last seconds, and absent when nothing moves") {
  RateMeter meter;
  auto at = milliseconds(10'000);
  CHECK_FALSE(meter.measured({0, 1000, "bytes"}, at).rate);
  for (int i = 1; i <= 10; ++i) {
    at += milliseconds(1000);
    const auto told = meter.measured({i * 10, 1000, "bytes"}, at);
    CHECK(told.rate == 10);
    CHECK(told.eta_ms == (1000 - i * 10) * 100);
  }
  for (int i = 1; i <= 20; ++i) {  // ten times as fast now
    at += milliseconds(500);
    meter.measured({100 + i * 20, 1000, "bytes"}, at);
  }
  const auto fast = meter.measured({500, 1000, "bytes"}, at);
  CHECK(fast.rate == 40);
  CHECK(meter.measured({500, std::nullopt, "bytes"}, at).rate == 40);
  CHECK_FALSE(meter.measured({500, std::nullopt, "bytes"}, at).eta_ms);
  for (int i = 0; i < 10; ++i) {
    at += milliseconds(1000);
    meter.measured({500, 1000, "bytes"}, at);
  }
  CHECK_FALSE(meter.measured({500, 1000, "bytes"}, at).rate);
  CHECK_FALSE(meter.measured({3, 1000, "bytes"}, at).rate);  // it began again
}

}  // namespace
}  // namespace hub::operations
