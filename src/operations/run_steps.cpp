#include "operations/run_steps.hpp"

#include <utility>

#include "base/fault_point.hpp"
#include "base/log.hpp"
#include "operations/rendering.hpp"

namespace hub::operations {
namespace {

using store::OperationChange;
using store::StepPhase;

constexpr const char* final_question = "final_step_in_doubt";

Error crash_loop(const store::StepRecord& known) {
  return Error{ErrorCode::invalid,
               "cannot finish step " + known.name + ": the hub was ended " +
                   std::to_string(known.crashes) + " times while it ran",
               "crash_loop",
               "look into the hub's log, then ask again",
               {{"step", known.name}, {"crashes", known.crashes}}};
}

Error step_timeout(const Step& step) {
  return Error{ErrorCode::unavailable,
               "cannot finish step " + step.name + ": it took longer than " +
                   std::to_string(step.timeout.count()) + " ms",
               "step_timeout",
               "try again; what it waits for may answer then",
               {{"step", step.name}, {"timeout_ms", step.timeout.count()}}};
}

Error left_in_doubt(const Step& step, const std::string& why) {
  return Error{ErrorCode::invalid,
               "cannot finish step " + step.name + ": whether it was done is not known, and " + why,
               "step_in_doubt",
               "look at what the step should have changed before you ask again",
               {{"step", step.name}}};
}

Error not_known_yet(const Step& step) {
  return Error{ErrorCode::unavailable,
               "cannot tell yet whether step " + step.name + " was done",
               "step_in_doubt",
               "",
               {{"step", step.name}}};
}

// "run_again", or {"answer": "run_again"} as a form sends it.
std::string text_of(const Json& answer) {
  if (answer.is_string()) return std::string(answer.get_string());
  const auto* object = answer.if_object();
  const auto* inner = object ? object->if_contains("answer") : nullptr;
  return inner && inner->is_string() ? std::string(inner->get_string()) : std::string();
}

}  // namespace

Error deadline_exceeded(const OperationState& state) {
  const std::string deadline = state.deadline_at ? to_text(*state.deadline_at) : "";
  return Error{ErrorCode::unavailable,
               "cannot finish " + state.kind.text() + ": its deadline " + deadline + " has passed",
               "deadline_exceeded",
               "ask again, with a later deadline if it needs more time",
               {{"deadline_at", deadline}}};
}

StepEnd StepRunner::run(std::size_t i) {
  const Step& step = ledger_.step(i);
  auto& known = ledger_.entry(i);
  desk_.sit_down(i, Desk::Direction::forward);
  ran_ = false;
  const bool doubtful = std::exchange(in_doubt_, false) || known.attempts > 0 || final_begun(i);
  const bool too_often = is_crash_loop(known.crashes, services_.store, ledger_.id(), step, known);
  if (too_often && !final_begun(i)) return {StepEnd::How::failed, crash_loop(known)};
  fault_point("intent:" + step.name);
  if (doubtful) {
    if (auto end = look_before(step)) return *std::move(end);
  }
  if (too_often) return {StepEnd::How::failed, crash_loop(ledger_.entry(i))};
  if (ledger_.cancel_asked() && !ledger_.past_final()) return {StepEnd::How::stopped};
  if (step.kind == StepClass::final) {
    if (auto begun = mark_begun(step); !begun) return {StepEnd::How::fenced, begun.error()};
  }
  services_.logs.append(ledger_.id(), step.name, doubtful ? "begins again" : "begins");
  ran_ = true;
  ledger_.begin(i);
  auto done = guarded(step.name, [&] { return step.run(desk_); });
  if (!done) return after_error(step, std::move(done).error());
  fault_point("effect:" + step.name);
  return finish();
}

bool StepRunner::final_begun(std::size_t i) const {
  const auto* known = find_entry(ledger_.journal(), i);
  return ledger_.step(i).kind == StepClass::final && known && known->notes.contains(note::begun);
}

// Nothing: run it.
std::optional<StepEnd> StepRunner::look_before(const Step& step) {
  if (step.kind == StepClass::final) {
    return final_begun(desk_.at()) ? in_final_doubt(step) : std::nullopt;
  }
  if (probe(step) != Presence::present) return std::nullopt;
  services_.logs.append(ledger_.id(), step.name, "was done already");
  fault_point("effect:" + step.name);
  return finish();
}

// Whether the point of no return was passed is decided by the step's own probe, else by a person.
std::optional<StepEnd> StepRunner::in_final_doubt(const Step& step) {
  if (const auto answer = desk_.answer_to(final_question)) {
    desk_.notes()[note::answers].as_object().erase(final_question);
    const auto said = text_of(*answer);
    if (said == "run_again") return std::nullopt;
    if (said == "count_as_done") {
      services_.logs.append(ledger_.id(), step.name, "counts as done: a person says so");
      return finish();
    }
    if (said == "give_up") {
      desk_.notes()[note::in_doubt] = true;
      return StepEnd{StepEnd::How::failed, left_in_doubt(step, "a person gave it up")};
    }
  }
  switch (probe(step)) {
    case Presence::absent: return std::nullopt;
    case Presence::present: {
      fault_point("effect:" + step.name);
      return finish();
    }
    case Presence::in_doubt: break;
  }
  if (ledger_.cancel_asked() || ledger_.past_deadline()) {
    desk_.notes()[note::in_doubt] = true;  // there is nobody to wait for any more
    return StepEnd{StepEnd::How::failed, left_in_doubt(step, "it was to stop meanwhile")};
  }
  // What cannot be looked at now often can in a moment. It is looked at again, not run again.
  if (ledger_.entry(desk_.at()).attempts + 1 < step.retry.attempts_max) {
    return StepEnd{StepEnd::How::tries_again, not_known_yet(step)};
  }
  desk_.set_question(final_question, {{"answers", {"run_again", "count_as_done", "give_up"}}});
  question_ = desk_.take_question();
  return StepEnd{StepEnd::How::asks};
}

Presence StepRunner::probe(const Step& step) {
  const auto found = guarded(step.name, [&]() -> Result<Presence> { return step.probe(desk_); });
  if (found) return *found;
  services_.logs.append(ledger_.id(), step.name, "cannot look: " + found.error().message);
  return Presence::in_doubt;
}

// A final step's effect may exist from here on; what was journalled as intent alone never began.
Result<> StepRunner::mark_begun(const Step& step) {
  if (std::exchange(desk_.notes()[note::begun], true) == true) return {};
  HUB_CHECK(desk_.save_notes());
  fault_point("begun:" + step.name);
  return {};
}

// A final step may have passed the point of no return although it says that something went wrong.
bool StepRunner::is_uncertain(const Error& error) const {
  return error.code == ErrorCode::unavailable || error.code == ErrorCode::cancelled ||
         error.reason == "internal_error" || desk_.out_of_time();
}

StepEnd StepRunner::after_error(const Step& step, Error error) {
  question_ = desk_.take_question();
  if (question_) {
    desk_.notes().erase(note::begun);  // who asks has not done it yet
    return {StepEnd::How::asks};
  }
  const bool no_way_back = ledger_.past_final();
  const bool cancelled = ledger_.cancel_asked() && !no_way_back;
  if (signals_.drain && !cancelled) return {StepEnd::How::drained};
  if (step.kind == StepClass::final && is_uncertain(error)) {
    if (auto end = in_final_doubt(step)) return *std::move(end);
  }
  if (cancelled) {
    services_.logs.append(ledger_.id(), step.name, "stops: " + error.message);
    return {StepEnd::How::stopped};
  }
  if (ledger_.past_deadline() && !no_way_back) {
    return {StepEnd::How::failed, deadline_exceeded(ledger_.state()), {std::move(error)}};
  }
  StepEnd end{StepEnd::How::failed, std::move(error)};
  if (desk_.out_of_time()) {
    end.causes = {std::move(end.error)};
    end.error = step_timeout(step);
  }
  const auto& known = ledger_.entry(desk_.at());
  if (end.error.code != ErrorCode::unavailable) return end;
  if (known.attempts + 1 < step.retry.attempts_max) {
    end.how = StepEnd::How::tries_again;
  } else if (known.attempts > 0) {
    end.error.details["attempts"] = known.attempts + 1;
  }
  return end;
}

// done(i) with intent(i + 1), or with the end of the operation.
StepEnd StepRunner::finish() {
  const std::size_t at = desk_.at();
  const Step& step = ledger_.step(at);
  auto& known = ledger_.entry(at);
  known.phase = StepPhase::done;
  known.crashes = 0;
  auto& state = ledger_.state();
  const Time now = services_.clock.now();
  auto& shown = ledger_.shown(at);
  shown.status = StepStatus::done;
  if (!shown.started_at) shown.started_at = now;
  shown.finished_at = now;
  state.effects = effects_so_far(ledger_.steps(), ledger_.journal());
  state.progress = ledger_.percent(at, 0);
  state.progress_detail.reset();
  OperationChange change;
  change.steps = {known};
  change.artifacts = desk_.take_artifacts();
  const auto took = desk_.took();
  if (ran_) change.times = {{plain_name(step.name), took.count()}};
  services_.logs.append(ledger_.id(), step.name,
                        "is done, after " + std::to_string(took.count()) + " ms");
  Result<> written;
  if (const auto next = ledger_.next()) {
    change.steps.push_back(ledger_.entry(*next));
    auto& upcoming = ledger_.shown(*next);
    upcoming.status = StepStatus::running;
    upcoming.started_at = now;
    state.current_step = upcoming.name;
    written = ledger_.advance(std::move(change));
  } else {
    const std::lock_guard guard(signals_.ending);
    if (!ledger_.cancel_asked() || ledger_.past_final()) prepare_end(change);
    written = ledger_.advance(std::move(change));
    signals_.ended = written && is_terminal(state.status);
  }
  if (!written) return {StepEnd::How::fenced, written.error()};
  fault_point("done:" + step.name);
  return {StepEnd::How::done};
}

Result<> StepRunner::end() {
  OperationChange change;
  prepare_end(change);
  return commit_end(ledger_, signals_, std::move(change));
}

void StepRunner::prepare_end(OperationChange& change) {
  auto& state = ledger_.state();
  change.status = OperationStatus::succeeded;
  state.progress = 100;
  state.error.reset();
  const std::string what = state.kind.text() + " of " + state.target_id;
  state.message = state.undo_of ? what + " is taken back" : what + " is done";
  for (const auto& known : ledger_.journal()) {
    const auto* said = state.undo_of ? nullptr : known.notes.if_contains(note::conclusion);
    if (said && said->is_string()) state.message = std::string(said->get_string());
  }
  if (ledger_.cancel_asked()) ledger_.warn("the cancel came too late: it could not be taken back");
  const bool may_undo = undo_window_.count() > 0 && is_reversible(ledger_.steps()) &&
                        state.effects == Effects::applied && ledger_.secrets().empty();
  if (!may_undo) return;
  state.can_undo = true;
  state.undo_until = services_.clock.now() + undo_window_;
  change.keep_until = state.undo_until;
}

}  // namespace hub::operations
