// Deadlines, and a clock that somebody sets.

#include "operations/settled_clock.hpp"
#include "operations/test_bench.hpp"

namespace hub::operations {
namespace {

using enum OperationStatus;
using std::chrono::hours;
using std::chrono::seconds;

struct Late : Bench {
  Gate gate;

  ~Late() { close(); }

  void begin(ManagerOptions wanted = {}) {
    const auto secrets = options.secrets;
    options = std::move(wanted);
    options.secrets = secrets;
    script().deadline = seconds(60);
    script().steps = [this](const Json& intent) {
      const bool holds = intent.at("params").as_object().contains("hold");
      return std::vector{file_step("first", directory.path()),
                         step("second", [this, holds](StepContext& run) -> Result<> {
                           if (!holds || gate.pass(run)) return {};
                           return fail(ErrorCode::cancelled, "stopped");
                         })};
    };
    open();
  }
};

TEST_CASE("a run past its deadline is stopped, taken back and told so") {
  Late late;
  late.begin();
  const auto id = late.accept(Bench::request({{"hold", true}}));
  late.gate.await_arrival();
  CHECK(late.state_of(id).deadline_at == late.clock.now() + seconds(60));
  late.clock.advance(seconds(61));
  const auto end = late.end_of(id);
  CHECK(end.status == failed);
  CHECK(end.error->code == "DEADLINE_EXCEEDED");
  CHECK(end.error->causes->at(0).message == "stopped");
  CHECK(end.effects == Effects::reverted);
  CHECK_FALSE(late.has("first"));
}

TEST_CASE("one that waits in line past its deadline fails without having begun") {
  Late late;
  late.begin();
  auto patient = Bench::request({{"hold", true}});
  patient.deadline_at = late.clock.now() + hours(5);
  const auto first = late.accept(patient);
  late.gate.await_arrival();
  const auto second = late.accept(Bench::request({{"other", 1}}));
  late.clock.advance(seconds(61));
  const auto end = late.end_of(second);
  CHECK(end.status == failed);
  CHECK(end.error->code == "DEADLINE_EXCEEDED");
  CHECK(end.effects == Effects::none);
  CHECK_FALSE(end.started_at);
  CHECK(late.state_of(first).status == running);
  late.gate.open();
  CHECK(late.end_of(first).status == succeeded);
}

TEST_CASE("one that waits for a try or an answer past its deadline is taken back") {
  Late late;
  late.begin();
  late.script().steps = [&](const Json&) {
    Step asks = step("second", [](StepContext& run) -> Result<> {
      HUB_TRY(answer, run.ask("go_on", {}));
      return {};
    });
    return std::vector{file_step("first", late.directory.path()), asks};
  };
  const auto id = late.accept();
  late.await_status(id, waiting_input);
  CHECK(late.has("first"));
  late.clock.advance(seconds(61));
  const auto end = late.end_of(id);
  CHECK(end.status == failed);
  CHECK(end.error->code == "DEADLINE_EXCEEDED");
  CHECK(end.effects == Effects::reverted);
  CHECK_FALSE(late.has("first"));
}

TEST_CASE("a request brings its own deadline") {
  Late late;
  late.begin();
  auto wanted = Bench::request({{"hold", true}});
  wanted.deadline_at = late.clock.now() + seconds(5);
  const auto id = late.accept(wanted);
  late.gate.await_arrival();
  late.clock.advance(seconds(6));
  CHECK(late.end_of(id).error->code == "DEADLINE_EXCEEDED");
}

TEST_CASE("a wall clock that is set back or forward times no step out and stalls nothing") {
  Late late;
  late.begin();
  late.script().deadline = hours(24 * 365 * 10);
  late.script().stall_after = seconds(30);
  const auto id = late.accept(Bench::request({{"hold", true}}));
  late.gate.await_arrival();
  for (const auto by : {hours(-48), hours(24 * 30), hours(-24)}) {
    late.clock.jump(by);
    const auto seen = late.manager->accept(Bench::request({}, std::to_string(by.count()))).value();
    CHECK(late.end_of(seen.state.operation_id).status == succeeded);
  }
  CHECK(late.state_of(id).status == running);
  CHECK_FALSE(late.state_of(id).stalled_since);
  late.gate.open();
  CHECK(late.end_of(id).status == succeeded);
}

TEST_CASE("a clock that jumps past a deadline ends the operation; one that is set back saves it") {
  Late late;
  late.begin();
  const auto first = late.accept(Bench::request({{"hold", true}}));
  late.gate.await_arrival();
  late.clock.jump(hours(-1));
  late.clock.advance(seconds(120));  // two minutes have passed, and the deadline is an hour away
  CHECK(late.state_of(first).status == running);
  late.clock.jump(hours(2));
  CHECK(late.end_of(first).error->code == "DEADLINE_EXCEEDED");
}

TEST_CASE("a try that waits is made when its time has come by a clock that was set") {
  Late late;
  late.begin();
  std::atomic<int> runs{0};
  late.script().deadline = hours(24 * 365);
  late.script().steps = [&](const Json&) {
    Step tries = step("one", [&](StepContext&) -> Result<> {
      if (++runs == 1) return fail(ErrorCode::unavailable, "cannot reach it");
      return {};
    });
    tries.retry = {.attempts_max = 2, .delay_first = hours(3), .delay_max = hours(3)};
    return std::vector{tries};
  };
  const auto id = late.accept();
  late.await_backoff(id);
  late.clock.jump(hours(-1));
  CHECK(late.state_of(id).status == accepted);
  late.clock.jump(hours(5));
  CHECK(late.end_of(id).status == succeeded);
  CHECK(runs == 2);
}

TEST_CASE("a wall clock is believed when it has gone on for a while without a jump") {
  ManualClock clock(from_millis(1'700'000'000'000));
  SettledClock settled(clock);
  const auto minutes = [&](int count) {
    bool is = false;
    for (int i = 0; i < count; ++i) {
      clock.advance(std::chrono::minutes(1));
      clock.jump(std::chrono::milliseconds(20));  // as NTP slews
      is = settled.look();
    }
    return is;
  };
  CHECK_FALSE(settled.look());
  CHECK_FALSE(minutes(9));
  CHECK(minutes(1));
  clock.jump(std::chrono::hours(24 * 40));
  CHECK_FALSE(minutes(9));
  clock.jump(-std::chrono::hours(24 * 40));
  CHECK_FALSE(minutes(9));
  CHECK(minutes(2));
}

}  // namespace
}  // namespace hub::operations
