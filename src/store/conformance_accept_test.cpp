#include <thread>

#include "store/conformance.hpp"

namespace hub::store {
namespace {

TEST_CASE_TEMPLATE("an accepted operation outlives a restart with all that is known of it", Engine,
                   HUB_ENGINES) {
  Bench<Engine> bench;
  auto wanted = bench.wanted("weather");
  wanted.kind_version = 3;
  wanted.state.deadline_at = bench.clock.now() + std::chrono::hours(1);
  const auto accepted = bench->accept(wanted);
  REQUIRE(accepted);
  CHECK(accepted->how == Acceptance::created);
  CHECK(accepted->state.revision == 1);
  CHECK(accepted->state.status == OperationStatus::accepted);
  bench.restart();
  const auto record = bench->find_record(wanted.state.operation_id);
  REQUIRE(record);
  CHECK(record->kind_version == 3);
  CHECK(record->request.at("target_id") == "weather");
  CHECK(record->intent.at("name") == "weather");
  CHECK(record->steps.empty());
  CHECK_FALSE(record->cancel_requested);
  CHECK(record->state.deadline_at == wanted.state.deadline_at);
  CHECK(bench->live_count() == 1);
}

TEST_CASE_TEMPLATE("the answer of an accept comes once, when it is durable", Engine, HUB_ENGINES) {
  Bench<Engine> bench;
  std::promise<Result<Accepted>> answered;
  auto future = answered.get_future();
  const auto wanted = bench.wanted("weather");
  bench->accept(
      wanted, [&answered](Result<Accepted> accepted) { answered.set_value(std::move(accepted)); });
  const auto accepted = future.get();
  REQUIRE(accepted);
  CHECK(accepted->state.operation_id == wanted.state.operation_id);
  CHECK(bench->find(wanted.state.operation_id));
}

TEST_CASE_TEMPLATE("join: the same request is one operation while it is live", Engine,
                   HUB_ENGINES) {
  Bench<Engine> bench;
  const auto first = bench.run("weather");
  const auto second = bench->accept(bench.wanted("weather"));
  REQUIRE(second);
  CHECK(second->how == Acceptance::joined);
  CHECK(second->state.operation_id == first);
  bench.end(first);
  CHECK(bench->accept(bench.wanted("weather"))->how == Acceptance::created);
}

TEST_CASE_TEMPLATE("join: one that is being cancelled is not joined but waited for", Engine,
                   HUB_ENGINES) {
  Bench<Engine> bench;
  const auto first = bench.run("weather");
  REQUIRE(bench->cancel(first));
  const auto second = bench->accept(bench.wanted("weather"));
  REQUIRE(second);
  CHECK(second->how == Acceptance::created);
  CHECK(second->state.blocked_by->at(0) == first);
}

TEST_CASE_TEMPLATE("queue: the same request twice is two operations, one after the other", Engine,
                   HUB_ENGINES) {
  Bench<Engine> bench;
  const auto first = bench.accept("weather");
  auto wanted = bench.wanted("weather");
  wanted.on_conflict = OnConflict::queue;
  const auto second = bench->accept(wanted);
  REQUIRE(second);
  CHECK(second->how == Acceptance::created);
  CHECK(second->state.reason->code == "lock");
  CHECK(second->state.blocked_by == std::vector{first});
}

TEST_CASE_TEMPLATE("fail: names the operation in the way and stores nothing", Engine, HUB_ENGINES) {
  Bench<Engine> bench;
  const auto first = bench.accept("weather");
  const auto last = bench->last_seq();
  auto wanted = bench.wanted("weather", "skill.uninstall");
  wanted.on_conflict = OnConflict::fail;
  const auto refused = bench->accept(wanted);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::conflict);
  CHECK(refused.error().reason == "target_busy");
  CHECK(refused.error().details.at("blocked_by") == boost::json::string(first.text()));
  CHECK_FALSE(bench->find(wanted.state.operation_id));
  CHECK(bench->last_seq() == last);
  CHECK(bench->live_count() == 1);
}

TEST_CASE_TEMPLATE("replace: those in the way are cancelled, the running one is named", Engine,
                   HUB_ENGINES) {
  Bench<Engine> bench;
  const auto running = bench.run("weather");
  const auto queued = bench.accept("weather", "skill.uninstall");
  auto wanted = bench.wanted("weather");
  wanted.on_conflict = OnConflict::replace;
  const auto accepted = bench->accept(wanted);
  REQUIRE(accepted);
  CHECK(accepted->cancelling == std::vector{running, queued});
  CHECK(bench.now(running).status == OperationStatus::cancelling);
  CHECK(bench.now(queued).status == OperationStatus::cancelled);
  CHECK(accepted->state.blocked_by == std::vector{running});
  bench.move(running, OperationStatus::cancelled);
  CHECK(bench.claim()->state.operation_id == wanted.state.operation_id);
}

TEST_CASE_TEMPLATE("replace: what cannot be cancelled is waited for", Engine, HUB_ENGINES) {
  Bench<Engine> bench;
  const auto final_step = bench.run("weather");
  bench.move(final_step, {.edit = [](OperationState& state) { state.can_cancel = false; }});
  auto wanted = bench.wanted("weather");
  wanted.on_conflict = OnConflict::replace;
  const auto accepted = bench->accept(wanted);
  REQUIRE(accepted);
  CHECK(accepted->cancelling.empty());
  CHECK(accepted->state.blocked_by == std::vector{final_step});
}

TEST_CASE_TEMPLATE(
    "an Idempotency-Key gives the same operation for the same initiator, also after "
    "its end and a restart",
    Engine, HUB_ENGINES) {
  Bench<Engine> bench;
  auto wanted = bench.wanted("weather");
  wanted.idempotency_key = "k1";
  const auto first = bench.accept(wanted).operation_id;
  REQUIRE(bench->cancel(first));
  bench.restart();
  auto again = bench.wanted("weather");
  again.idempotency_key = "k1";
  const auto replayed = bench->accept(again);
  REQUIRE(replayed);
  CHECK(replayed->how == Acceptance::replayed);
  CHECK(replayed->state.operation_id == first);
  CHECK(replayed->state.status == OperationStatus::cancelled);
  auto other = bench.wanted("alarm");
  other.idempotency_key = "k1";
  const auto reused = bench->accept(other);
  CHECK(reused.error().code == ErrorCode::invalid);
  CHECK(reused.error().reason == "idempotency_key_reused");
  other.state.initiator = {"device", "phone"};
  CHECK(bench->accept(other)->how == Acceptance::created);  // somebody else's key
}

TEST_CASE_TEMPLATE("room is bounded for all and for one, but not for a parent's children", Engine,
                   HUB_ENGINES) {
  Bench<Engine> bench({.live_max = 3, .live_per_initiator_max = 2});
  const auto first = bench.accept("a");
  bench.accept("b");
  const auto one = bench->accept(bench.wanted("c"));
  CHECK(one.error().code == ErrorCode::exhausted);
  CHECK(one.error().reason == "too_many_operations_of_one");
  auto other = bench.wanted("c");
  other.state.initiator = {"device", "phone"};
  bench.accept(other);
  other = bench.wanted("d");
  other.state.initiator = {"device", "watch"};
  CHECK(bench->accept(other).error().reason == "too_many_operations");
  auto child = bench.wanted("e");
  child.state.parent_id = first;
  CHECK(bench->accept(child));
  bench.restart();  // counted again
  CHECK(bench->live_count() == 4);
  CHECK(bench->accept(other).error().reason == "too_many_operations");
  CHECK(bench->accept(bench.wanted("a"))->how == Acceptance::joined);  // no room needed
  REQUIRE(bench->cancel(first));
  REQUIRE(bench->cancel(child.state.operation_id));
  CHECK(bench->accept(other));
}

TEST_CASE_TEMPLATE("many threads accept at once and each has its own answer", Engine, HUB_ENGINES) {
  Bench<Engine> bench;
  std::vector<NewOperation> wanted;
  for (int i = 0; i < 40; ++i) {
    wanted.push_back(bench.wanted("skill" + std::to_string(i % 20)));
    wanted.back().on_conflict = OnConflict::fail;
  }
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (const auto& one : wanted) {
    threads.emplace_back([&bench, &refused, &one] {
      if (!bench->accept(one)) ++refused;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(refused == 20);
  CHECK(bench->live_count() == 20);
}

}  // namespace
}  // namespace hub::store
