#include "worker.hpp"

#include <latch>
#include <stdexcept>

#include "base/hash.hpp"

namespace hub::feed_test {
namespace {

constexpr std::int64_t live_max = 300;
constexpr std::size_t remembered_max = 256;
constexpr int resources = 40;

struct Kind {
  const char* name;
  std::array<const char*, 4> steps;
  std::size_t step_count;
};
constexpr std::array<Kind, 3> kinds{{{"feed.short", {"only"}, 1},
                                     {"feed.middle", {"fetch", "activate"}, 2},
                                     {"feed.long", {"fetch", "verify", "prepare", "activate"}, 4}}};

struct Spoiled : std::exception {};

// Refusals that are an answer like any other.
void expect_refusal(const Error& error, std::initializer_list<std::string_view> reasons) {
  if (std::ranges::find(reasons, error.reason) != reasons.end()) return;
  throw std::logic_error("the store refused: " + error.message + " (" + error.reason + ")");
}

std::vector<OperationKind> all_kinds() {
  std::vector<OperationKind> all;
  for (const auto& kind : kinds) all.emplace_back(kind.name);
  return all;
}

}  // namespace

void Shared::remember(const OperationId& id) {
  const std::lock_guard guard(mutex_);
  if (recent_.size() < remembered_max) {
    recent_.push_back(id);
  } else {
    recent_[next_++ % remembered_max] = id;
  }
}

std::optional<OperationId> Shared::any(Random& random) {
  const std::lock_guard guard(mutex_);
  if (recent_.empty()) return std::nullopt;
  return recent_[std::uniform_int_distribution<std::size_t>(0, recent_.size() - 1)(random)];
}

void Shared::remember_waiting(const OperationId& id) {
  const std::lock_guard guard(mutex_);
  waiting_.push_back(id);
}

std::optional<OperationId> Shared::take_waiting() {
  const std::lock_guard guard(mutex_);
  if (waiting_.empty()) return std::nullopt;
  auto id = std::move(waiting_.front());
  waiting_.pop_front();
  return id;
}

void Worker::run(std::vector<store::OperationRecord> orphans) {
  for (auto& orphan : orphans) follow(std::move(orphan));
  while (!shared_.finishing || shared_.store.live_count() > 0) {
    const auto luck = die(100);
    if (shared_.finishing) {
      if (!run_one() && !confirm_one()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    } else if (luck < 30) {
      if (shared_.store.live_count() < live_max) accept();
    } else if (luck < 40) {
      if (shared_.store.live_count() < live_max) accept_together();
    } else if (luck < 85) {
      run_one();
    } else if (luck < 91) {
      cancel_one();
    } else if (luck < 98) {
      confirm_one();
    } else if (luck < 99) {
      spoil_a_batch();
    } else {
      give_up_late_ones();
    }
  }
}

store::NewOperation Worker::made_up() {
  const auto& kind = kinds.at(static_cast<std::size_t>(die(3)));
  store::NewOperation wanted;
  auto& state = wanted.state;
  const auto now = shared_.clock.now();
  state.operation_id = OperationId("op_" + uuid_v7(to_millis(now)));
  state.kind = OperationKind(kind.name);
  state.target_kind = "skill";
  state.target_id = "skill_" + std::to_string(die(resources));
  state.webspace_id = chance(random_, 80) ? "desktop" : "other";
  state.message = "waiting for its turn";
  state.initiator = {"user", "feed_" + std::to_string(die(3))};
  state.title_key = "operation.feed";
  state.can_cancel = true;
  state.priority = static_cast<Priority>(die(3));
  if (chance(random_, 5)) state.deadline_at = now + std::chrono::milliseconds(die(200));
  for (std::size_t i = 0; i < kind.step_count; ++i) {
    state.steps.push_back({.name = kind.steps.at(i), .started_at = {}, .finished_at = {}});
  }
  std::set<std::string> names{"skill:" + state.target_id};
  while (chance(random_, 30)) names.insert("skill:skill_" + std::to_string(die(resources)));
  for (const auto& name : names) {
    wanted.locks.push_back({Resource(name), chance(random_, 60) ? store::LockMode::exclusive
                                                                : store::LockMode::shared});
    state.resources.emplace_back(name);
  }
  wanted.fingerprint = state.kind.text() + state.target_id + std::to_string(die(3));
  if (chance(random_, 10)) wanted.idempotency_key = "key_" + std::to_string(die(500));
  wanted.request = boost::json::object{{"target", state.target_id}};
  wanted.intent = boost::json::object{{"steps", kind.step_count}};
  const auto luck = die(100);
  wanted.on_conflict = luck < 70   ? OnConflict::queue
                       : luck < 85 ? OnConflict::join
                       : luck < 95 ? OnConflict::fail
                                   : OnConflict::replace;
  return wanted;
}

void Worker::judge_acceptance(const Result<store::Accepted>& accepted) {
  if (!accepted) {
    return expect_refusal(accepted.error(), {"target_busy", "idempotency_key_reused"});
  }
  shared_.answers.note(accepted->state);
  shared_.remember(accepted->state.operation_id);
}

void Worker::accept() { judge_acceptance(shared_.store.accept(made_up())); }

void Worker::accept_together() {
  const auto count = std::size_t{2} + static_cast<std::size_t>(die(15));
  std::vector<std::optional<Result<store::Accepted>>> answers(count);
  std::latch all(static_cast<std::ptrdiff_t>(count));
  for (auto& answer : answers) {
    shared_.store.accept(made_up(), [&answer, &all](Result<store::Accepted> accepted) {
      answer = std::move(accepted);
      all.count_down();
    });
  }
  all.wait();
  for (const auto& answer : answers) judge_acceptance(answer.value());
}

bool Worker::run_one() {
  static const auto every = all_kinds();
  std::vector<OperationKind> some{every[static_cast<std::size_t>(die(3))]};
  const auto& asked = shared_.finishing || chance(random_, 80) ? every : some;
  auto claimed = shared_.store.claim(asked, static_cast<Priority>(die(3)));
  if (!claimed) return false;
  shared_.answers.note(claimed->state);
  follow(*std::move(claimed));
  return true;
}

void Worker::follow(store::OperationRecord record) {
  const auto id = record.state.operation_id;
  if (runner_.follow(std::move(record)) == OperationStatus::waiting_input) {
    shared_.remember_waiting(id);
  }
}

void Worker::cancel_one() {
  const auto id = shared_.any(random_);
  if (!id) return;
  const auto state = shared_.store.cancel(*id);
  if (state) return shared_.answers.note(*state);
  expect_refusal(state.error(), {"operation_not_active", "operation_not_cancellable"});
}

bool Worker::confirm_one() {
  const auto id = shared_.take_waiting();
  if (!id) return false;
  const auto state = shared_.store.confirm(*id, Json("yes"));
  if (state) {
    shared_.answers.note(*state);
  } else {
    expect_refusal(state.error(), {"operation_not_waiting"});
  }
  return true;
}

// A piece that throws: what is in its batch is rolled back and written again without it.
void Worker::spoil_a_batch() {
  try {
    shared_.store.database().write([](sql::Connection& db) {
      db.run("DELETE FROM operation_events");
      throw Spoiled();
    });
  } catch (const Spoiled&) {
    return;
  }
  throw std::logic_error("a piece threw, and its caller was not told");
}

void Worker::give_up_late_ones() {
  OperationError late;
  late.type = "OperationFailed";
  late.code = "DEADLINE_EXCEEDED";
  late.message = "cannot go on: the deadline has passed";
  for (const auto& state : shared_.store.past_deadline()) {
    const bool idle =
        state.status == OperationStatus::accepted || state.status == OperationStatus::waiting_input;
    if (!idle || state.error) continue;
    const auto given_up = shared_.store.give_up(state.operation_id, late);
    if (given_up) {
      shared_.answers.note(*given_up);
    } else {
      expect_refusal(given_up.error(), {"fenced"});
    }
  }
}

}  // namespace hub::feed_test
