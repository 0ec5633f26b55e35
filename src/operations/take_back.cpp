#include "operations/take_back.hpp"

#include "base/fault_point.hpp"
#include "base/log.hpp"
#include "operations/rendering.hpp"

namespace hub::operations {
namespace {

using store::OperationChange;
using store::StepPhase;

constexpr int crashes_max = 3;

std::int64_t count_below(store::OperationStore& store, const OperationId& id) {
  std::int64_t count = 0;
  for (const auto& child : store.children_of(id)) {
    count += 1 + count_below(store, child.operation_id);
  }
  return count;
}

OperationStatus status_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::failed: return OperationStatus::failed;
    case Outcome::cancelled: return OperationStatus::cancelled;
  }
  return OperationStatus::failed;
}

}  // namespace

bool is_crash_loop(std::int64_t crashes, store::OperationStore& store, const OperationId& id,
                   const Step& step, const store::StepRecord& known) {
  if (crashes < crashes_max) return false;
  return !is_of_children(step, known) || crashes >= crashes_max * (1 + count_below(store, id));
}

Error thrown_in(const std::string& step, const char* what) {
  return Error{ErrorCode::invalid,
               "cannot finish step " + step + ": " + what,
               "internal_error",
               "this is a fault of the hub; its log has more",
               {{"step", step}, {"what", what}}};
}

Result<> commit_end(Ledger& ledger, RunSignals& signals, OperationChange change) {
  const std::lock_guard guard(signals.ending);
  HUB_CHECK(ledger.advance(std::move(change)));
  signals.ended = true;
  return {};
}

RunEnd TakeBack::run(Outcome outcome, RunStart start) {
  bool undone_all = true;
  for (const auto step : to_undo(ledger_.steps(), ledger_.journal())) {
    if (signals_.drain) return drained(step);
    if (crashed_too_often(step, std::exchange(start, RunStart::fresh))) {
      undone_all = false;
      continue;
    }
    switch (undo(step)) {
      case Undone::yes: break;
      case Undone::no: undone_all = false; break;
      case Undone::drained: return drained(step);
    }
  }
  return end(outcome, undone_all);
}

// Counted once for each boot that took the undo up, with a commit of its own before it goes on.
bool TakeBack::crashed_too_often(std::size_t step, RunStart start) {
  if (start == RunStart::fresh) return false;
  auto& known = ledger_.entry(step);
  auto& count = known.notes[note::undo_crashes];
  const auto crashes = count.is_int64() ? count.get_int64() : 0;
  if (is_crash_loop(crashes, services_.store, ledger_.id(), ledger_.step(step), known)) {
    undo_failed(step, Error{ErrorCode::invalid,
                            "cannot take back step " + known.name + ": the hub was ended " +
                                std::to_string(crashes) + " times while it tried",
                            "undo_crash_loop",
                            "look into the hub's log, then undo the operation again",
                            {{"step", known.name}, {"crashes", crashes}}});
    return true;
  }
  count = crashes + 1;
  static_cast<void>(ledger_.advance({.steps = {known}}));
  return false;
}

Result<> TakeBack::call_undo(const Step& step) {
  return guarded(step.name, [&] { return step.undo(desk_); });
}

// A stop in good order is no crash.
RunEnd TakeBack::drained(std::size_t step) {
  auto& known = ledger_.entry(step);
  if (known.notes.erase(note::undo_crashes) > 0) {
    static_cast<void>(ledger_.advance({.steps = {known}}));
  }
  services_.store.mark_drained(std::array{ledger_.id()});
  return RunEnd::drained;
}

TakeBack::Undone TakeBack::undo(std::size_t i) {
  const Step& step = ledger_.step(i);
  auto& known = ledger_.entry(i);
  desk_.sit_down(i, Desk::Direction::back);
  services_.logs.append(ledger_.id(), step.name, "is taken back");
  const auto undone = call_undo(step);
  desk_.stand_up();
  if (!undone) {
    if (signals_.drain) return Undone::drained;
    undo_failed(i, undone.error());
    return Undone::no;
  }
  fault_point("undo:" + step.name);
  known.phase = StepPhase::undone;
  known.notes.erase(note::undo_crashes);
  if (ledger_.shown(i).status != StepStatus::failed) {
    ledger_.shown(i).status = StepStatus::undone;
  }
  OperationChange change;
  change.steps = {known};
  change.artifacts = desk_.take_artifacts();
  if (!ledger_.advance(std::move(change))) return Undone::no;
  fault_point("undone:" + step.name);
  return Undone::yes;
}

void TakeBack::undo_failed(std::size_t i, const Error& error) {
  const auto& name = ledger_.step(i).name;
  log::error("operations", "undo_failed",
             {{"operation_id", ledger_.id().text()}, {"step", name}, {"code", code_of(error)}});
  services_.logs.append(ledger_.id(), name, "could not be taken back: " + error.message);
  ledger_.warn("could not take back step " + name + ": " + error.message);
  auto& told = ledger_.state().error;
  if (!told) {
    told = rendered(error, name, ledger_.state().attempt);
    return;
  }
  auto& causes = told->causes ? *told->causes : told->causes.emplace();
  causes.push_back({code_of(error), error.message});
}

void TakeBack::tell_cancelled() {
  auto& state = ledger_.state();
  switch (state.effects) {
    case Effects::none: state.message = "cancelled before it changed anything"; break;
    case Effects::reverted: state.message = "cancelled; what it had done was taken back"; break;
    case Effects::applied:
    case Effects::partial: state.message = "cancelled; some of what it had done is left"; break;
  }
}

RunEnd TakeBack::end(Outcome outcome, bool undone_all) {
  auto& state = ledger_.state();
  for (std::size_t i = 0; i < ledger_.steps().size(); ++i) {
    // Stopped in the middle, and it leaves nothing that an undo would have to take back.
    if (ledger_.shown(i).status == StepStatus::running) {
      ledger_.shown(i).status = StepStatus::undone;
      ledger_.shown(i).finished_at = services_.clock.now();
    }
  }
  state.effects = effects_taken_back(ledger_.steps(), ledger_.begun());
  OperationChange change;
  change.steps = std::move(along_);
  change.status = undone_all ? status_of(outcome) : OperationStatus::failed;
  if (change.status == OperationStatus::cancelled) {
    tell_cancelled();
  } else if (outcome == Outcome::cancelled) {
    state.message = "cancelled, but some of what it had done could not be taken back";
  }
  state.can_retry = ledger_.secrets().empty() && !state.undo_of;
  state.can_undo = state.effects == Effects::partial && !state.undo_of &&
                   ledger_.secrets().empty() &&
                   is_worth_undoing(ledger_.steps(), ledger_.journal());
  if (state.can_undo) change.keep_until = services_.clock.now() + keep_partial_;
  if (!commit_end(ledger_, signals_, std::move(change))) return RunEnd::ended;
  fault_point("end:" + state.kind.text());
  return RunEnd::ended;
}

}  // namespace hub::operations
