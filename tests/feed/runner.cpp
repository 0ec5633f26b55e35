#include "runner.hpp"

#include <stdexcept>

namespace hub::feed_test {
namespace {

OperationError bad_luck(const store::StepRecord& step) {
  OperationError error;
  error.type = "OperationFailed";
  error.code = "BAD_LUCK";
  error.message = "cannot do " + step.name + ": the die said no";
  error.step = step.name;
  error.attempt = step.attempts + 1;
  return error;
}

OperationStep& shown(OperationState& state, int no) {
  return state.steps.at(static_cast<std::size_t>(no));
}

}  // namespace

OperationStatus Runner::follow(store::OperationRecord record) {
  using enum OperationStatus;
  const auto& status = record.state.status;
  if (status == running && record.state.error) {  // somebody gave it up
    move(record, {.status = reverting});
  } else if (status == running && record.cancel_requested) {
    move(record, {.status = cancelling});
  }
  while (status == running && run_step(record)) {
  }
  if (status == cancelling) {
    // A cancel that comes too late ends as a success; one whose undo fails, as a failure.
    const auto end = chance(random_, 80) ? cancelled : chance(random_, 50) ? succeeded : failed;
    take_back(record, end);
  } else if (status == reverting) {
    take_back(record, failed);
  }
  return status;
}

// Moved, or somebody has cancelled it meanwhile, and the record says so.
void Runner::move(store::OperationRecord& record, const store::OperationChange& change) {
  const auto id = record.state.operation_id;
  const auto moved = store_.advance(id, change);
  if (moved) {
    answers_.note(*moved);
    record.state = *moved;
    for (const auto& step : change.steps) {
      const auto at = static_cast<std::size_t>(step.no);
      if (at >= record.steps.size()) {
        record.steps.push_back(step);
      } else {
        record.steps[at] = step;
      }
    }
    return;
  }
  const auto found = store_.find_record(id);
  const bool was_running = record.state.status == OperationStatus::running;
  if (!was_running || !found || found->state.status != OperationStatus::cancelling) {
    throw std::logic_error("the store refused a move: " + moved.error().message);
  }
  record = *found;
}

bool Runner::run_step(store::OperationRecord& record) {
  if (record.steps.empty() || record.steps.back().phase != store::StepPhase::intent) {
    throw std::logic_error("a running operation has no step in intent: " +
                           record.state.operation_id.text());
  }
  const auto step = record.steps.back();
  const auto luck = std::uniform_int_distribution(1, 100)(random_);
  if (luck <= 80) return finish_step(record, step);
  if (luck <= 88) return fail_step(record, step);
  if (luck <= 94) return let_go(record, step, OperationStatus::accepted);
  return let_go(record, step, OperationStatus::waiting_input);
}

bool Runner::finish_step(store::OperationRecord& record, store::StepRecord step) {
  step.phase = store::StepPhase::done;
  store::OperationChange change;
  change.steps.push_back(step);
  change.times.push_back({step.name, std::int64_t{1} + step.no});
  const bool last = step.no + 1 == static_cast<int>(record.state.steps.size());
  if (last) {
    change.status = OperationStatus::succeeded;
    if (chance(random_, 30)) change.keep_until = clock_.now() + std::chrono::hours(1);
  } else {
    change.steps.push_back(
        {.no = step.no + 1, .name = shown(record.state, step.no + 1).name, .notes = {}});
  }
  change.edit = [&](OperationState& state) {
    shown(state, step.no).status = StepStatus::done;
    if (last) {
      state.effects = Effects::applied;
      state.result = Json{{"steps", step.no + 1}};
      return;
    }
    shown(state, step.no + 1).status = StepStatus::running;
    state.current_step = shown(state, step.no + 1).name;
  };
  move(record, change);
  return true;
}

bool Runner::fail_step(store::OperationRecord& record, store::StepRecord step) {
  step.phase = store::StepPhase::failed;
  store::OperationChange change;
  change.steps.push_back(step);
  const bool nothing_done = step.no == 0;
  change.status = nothing_done ? OperationStatus::failed : OperationStatus::reverting;
  change.edit = [&](OperationState& state) {
    shown(state, step.no).status = StepStatus::failed;
    state.error = bad_luck(step);
  };
  move(record, change);
  return true;
}

bool Runner::let_go(store::OperationRecord& record, store::StepRecord step,
                    OperationStatus status) {
  store::OperationChange change;
  change.status = status;
  if (status == OperationStatus::accepted) {
    ++step.attempts;
    change.run_after =
        clock_.now() + std::chrono::milliseconds(std::uniform_int_distribution(0, 3)(random_));
  }
  change.steps.push_back(step);
  change.edit = [&](OperationState& state) {
    state.reason =
        OperationReason{status == OperationStatus::accepted ? "retry_backoff" : "confirm", {}};
  };
  move(record, change);
  return record.state.status == OperationStatus::cancelling;  // else somebody else goes on
}

void Runner::take_back(store::OperationRecord& record, OperationStatus end) {
  for (auto step = record.steps.rbegin(); step != record.steps.rend(); ++step) {
    if (step->phase == store::StepPhase::undone || end == OperationStatus::succeeded) continue;
    auto undone = *step;
    undone.phase = store::StepPhase::undone;
    store::OperationChange change;
    change.steps.push_back(undone);
    change.edit = [&](OperationState& state) {
      shown(state, undone.no).status = StepStatus::undone;
    };
    if (undone.no == 0) break;  // with the end, below
    move(record, change);
  }
  store::OperationChange change;
  change.status = end;
  if (!record.steps.empty() && end != OperationStatus::succeeded) {
    change.steps.push_back(record.steps.front());
    change.steps.back().phase = store::StepPhase::undone;
  }
  change.edit = [&](OperationState& state) {
    state.effects = end == OperationStatus::succeeded ? Effects::applied : Effects::reverted;
    if (end == OperationStatus::failed && !state.error) state.error = bad_luck(record.steps.back());
  };
  move(record, change);
  if (record.state.status != end) {
    throw std::logic_error("the store refused an end: " + record.state.operation_id.text());
  }
}

}  // namespace hub::feed_test
