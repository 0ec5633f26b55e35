#include "operations/operation_metrics.hpp"

#include <sstream>

#include "operations/test_bench.hpp"

namespace hub::operations {
namespace {

// The value of one line: "operations_live{status=\"running\"}". Nothing: there is no such line.
std::optional<double> value_of(const std::string& text, const std::string& line) {
  std::istringstream lines(text);
  for (std::string one; std::getline(lines, one);) {
    if (one.starts_with(line + " ")) return std::stod(one.substr(line.size() + 1));
  }
  return std::nullopt;
}

void one_step(Bench& bench, std::function<Result<>(StepContext&)> run) {
  bench.script().steps = [run = std::move(run)](const Json&) {
    return std::vector<Step>{step("only", run)};
  };
}

TEST_CASE("what is accepted, starts and ends is counted by kind, status and time") {
  Bench bench;
  one_step(bench, nothing);
  bench.open();
  OperationMetrics metrics(*bench.manager);
  metrics.start();
  bench.run();
  bench.run();
  one_step(bench, [](StepContext&) -> Result<> { return fail(ErrorCode::conflict, "no"); });
  bench.run();
  metrics.answered(OperationKind("test.run"), store::Acceptance::joined);
  metrics.answered(OperationKind("nobody.knows"), store::Acceptance::replayed);
  const auto text = metrics.text();
  CHECK(value_of(text, R"(operations_accepted_total{how="created",kind="test.run"})") == 3);
  CHECK(value_of(text, R"(operations_accepted_total{how="joined",kind="test.run"})") == 1);
  CHECK(value_of(text, R"(operations_accepted_total{how="replayed",kind="other"})") == 1);
  CHECK(value_of(text, "operation_queue_seconds_count") == 3);
  CHECK(value_of(text,
                 "operation_duration_seconds_count"
                 R"({kind="test.run",status="succeeded"})") == 2);
  CHECK(value_of(text, R"(operation_duration_seconds_count{kind="test.run",status="failed"})") ==
        1);
  CHECK(value_of(text, R"(operation_transitions_total{from="accepted",to="running"})") == 3);
  CHECK(value_of(text, R"(operations_live{status="running"})") == 0);
  CHECK(value_of(text, R"(feed_lag_events{consumer="metrics"})") == 0);
  CHECK(value_of(text, "feed_gaps_total") == 0);
  CHECK(value_of(text, "operation_slots") == 4);
  CHECK(value_of(text, "store_commit_seconds_count").value_or(0) > 0);
  CHECK(value_of(text, "store_batch_size_count").value_or(0) > 0);
  CHECK(value_of(text, "store_fsync_seconds").value_or(0) > 0);
  CHECK(text.find("# TYPE operation_queue_seconds histogram") != std::string::npos);
}

TEST_CASE("what lives is shown by status, also what an earlier start left") {
  Bench bench;
  Gate gate;
  one_step(bench, [&](StepContext& run) -> Result<> {
    if (gate.pass(run)) return {};
    return fail(ErrorCode::cancelled, "told to stop");
  });
  bench.options.slots = 1;
  bench.open();
  bench.accept(Bench::request({}, "first"));
  bench.accept(Bench::request({}, "second"));
  gate.await_arrival();
  {
    OperationMetrics metrics(*bench.manager);
    metrics.start();
    const auto text = metrics.text();
    CHECK(value_of(text, R"(operations_live{status="running"})") == 1);
    CHECK(value_of(text, R"(operations_live{status="accepted"})") == 1);
    CHECK(value_of(text, "operation_slots_busy") == 1);
  }
  bench.open();  // a stop in good order: what ran goes on
  OperationMetrics metrics(*bench.manager);
  metrics.start();
  gate.await_arrivals(2);
  const auto text = metrics.text();
  CHECK(value_of(text, R"(operations_live{status="running"})") == 1);
  CHECK(value_of(text, R"(operations_live{status="accepted"})") == 1);
  gate.open();
  until("the end of both", [&] {
    const auto now = metrics.text();
    return value_of(now, R"(operations_live{status="running"})") == 0 &&
           value_of(now, R"(operations_live{status="accepted"})") == 0;
  });
}

TEST_CASE("a next start counts what this one had not, and nothing twice") {
  Bench bench;
  one_step(bench, nothing);
  bench.open();
  {
    OperationMetrics metrics(*bench.manager);
    metrics.start();
    bench.run();
    CHECK(value_of(metrics.text(), R"(operations_accepted_total{how="created",kind="test.run"})") ==
          1);
  }
  bench.run();  // nobody counts now
  OperationMetrics metrics(*bench.manager);
  metrics.start();
  CHECK(value_of(metrics.text(), R"(operations_accepted_total{how="created",kind="test.run"})") ==
        1);
}

TEST_CASE("events that were pruned before they were read are told as a gap") {
  Bench bench;
  one_step(bench, nothing);
  bench.open();
  bench.run();
  bench.run();
  bench.database->write([](sql::Connection& db) {
    db.run("DELETE FROM operation_events WHERE seq < (SELECT MAX(seq) FROM operation_events)");
  });
  OperationMetrics metrics(*bench.manager);
  metrics.start();
  CHECK(value_of(metrics.text(), "feed_gaps_total").value_or(0) > 0);
  bench.run();
  CHECK(value_of(metrics.text(), R"(operations_accepted_total{how="created",kind="test.run"})") ==
        1);
}

}  // namespace
}  // namespace hub::operations
