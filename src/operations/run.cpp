#include "operations/run.hpp"

#include <random>
#include <utility>

#include "base/fault_point.hpp"
#include "base/log.hpp"
#include "operations/rendering.hpp"
#include "operations/run_steps.hpp"

namespace hub::operations {
namespace {

constexpr std::chrono::hours keep_partial{24 * 90};  // as long as a failed one is remembered

// Follows the steps of one operation to wherever this run of it gets.
class Run {
 public:
  Run(const Workflow& workflow, const RunServices& services, Ledger& ledger,
      const UndoSubject* subject, RunStart start, RunSignals& signals, bool cancel_requested)
      : workflow_(workflow),
        services_(services),
        signals_(signals),
        ledger_(ledger),
        desk_(services, signals, ledger, subject),
        runner_(services, signals, ledger, desk_, start, undo_window()),
        take_back_(services, signals, ledger, desk_, keep_partial),
        start_(start),
        cancel_requested_(cancel_requested) {}

  RunEnd follow() {
    if (ledger_.state().status == OperationStatus::reverting) {
      return settle_then_take_back(Outcome::failed);
    }
    // What was given up while it waited brings its error along.
    const bool given_up = cancel_requested_ && ledger_.state().error;
    if (cancel_requested_ && !given_up) signals_.cancel = true;
    begin();
    while (const auto step = ledger_.next()) {
      if (signals_.drain) return drained();
      if (!ledger_.past_final() && !runner_.final_begun(*step)) {
        if (ledger_.cancel_asked()) return stop();
        if (given_up) return fail_step(*step);
        if (ledger_.past_deadline()) return give_up(*step, deadline_exceeded(ledger_.state()));
      }
      const auto done = runner_.run(*step);
      desk_.stand_up();
      if (const auto end = end_after(*step, done)) return *end;
    }
    if (!is_terminal(ledger_.state().status)) return end_unfinished();
    return RunEnd::ended;
  }

 private:
  std::chrono::seconds undo_window() const {
    return ledger_.state().undo_of ? std::chrono::seconds(0) : workflow_.undo_window();
  }

  // A later run says so at once; what a first one weighs goes along with its first step.
  void begin() {
    auto& state = ledger_.state();
    state.reason.reset();
    if (is_first()) ledger_.found_unbegun(0);
    if (ledger_.cancel_asked() || cancel_requested_) return;
    if (!state.progress) ledger_.weigh(services_.store.step_times(state.kind));
    const auto step = ledger_.next();
    if (!step || start_ == RunStart::adopted) return;
    if (!find_entry(ledger_.journal(), *step) || is_first()) return;
    ledger_.shown(*step).status = StepStatus::running;
    state.message = "goes on with " + ledger_.step(*step).name;
    static_cast<void>(ledger_.advance({}));
  }

  // Claimed, and no run has begun its first step.
  bool is_first() const {
    const auto* known = find_entry(ledger_.journal(), 0);
    return start_ == RunStart::fresh && known && known->phase == store::StepPhase::intent &&
           known->attempts == 0 && known->crashes == 0 && known->notes.empty();
  }

  // Nothing: the step is done, the next one is to come.
  std::optional<RunEnd> end_after(std::size_t step, const StepEnd& end) {
    switch (end.how) {
      case StepEnd::How::done: return std::nullopt;
      case StepEnd::How::fenced: return fenced();
      case StepEnd::How::drained: return drained();
      case StepEnd::How::stopped: return stop();
      case StepEnd::How::asks: return put_back(OperationStatus::waiting_input, step, {});
      case StepEnd::How::tries_again: return back_off(step, end.error);
      case StepEnd::How::failed: return give_up(step, end.error, end.causes);
    }
    return RunEnd::ended;
  }

  RunEnd stop() {
    if (ledger_.state().status != OperationStatus::cancelling) {
      if (!ledger_.advance({.status = OperationStatus::cancelling}) &&
          ledger_.look_again() != OperationStatus::cancelling) {
        return RunEnd::ended;
      }
      fault_point("cancelling:" + ledger_.state().kind.text());
    }
    services_.logs.append(ledger_.id(), "operation", "is cancelled");
    return settle_then_take_back(Outcome::cancelled);
  }

  RunEnd give_up(std::size_t step, const Error& error, std::span<const Error> causes = {}) {
    const auto& name = ledger_.step(step).name;
    log::warning("operations", "step_failed",
                 {{"operation_id", ledger_.id().text()}, {"step", name}, {"code", code_of(error)}});
    services_.logs.append(ledger_.id(), name, "failed: " + error.message);
    ledger_.state().error = rendered(error, name, ledger_.state().attempt, causes);
    return fail_step(step);
  }

  // Its error is told already.
  RunEnd fail_step(std::size_t step) {
    auto& state = ledger_.state();
    state.message = state.error->message;
    state.can_cancel = false;
    auto& known = ledger_.entry(step);
    known.phase = store::StepPhase::failed;
    ledger_.shown(step).status = StepStatus::failed;
    ledger_.shown(step).finished_at = services_.clock.now();
    // With nothing to undo the end itself says that the step has failed.
    if (!to_undo(ledger_.steps(), ledger_.journal()).empty() ||
        known.notes.contains(note::children)) {
      // A cancel that came in meanwhile has the store at cancelling already, which reverts as well.
      if (!ledger_.advance({.status = OperationStatus::reverting, .steps = {known}}) &&
          !ledger_.advance({.steps = {known}})) {
        return fenced();
      }
      fault_point("failed:" + ledger_.step(step).name);
    } else {
      take_back_.add(known);
    }
    return settle_then_take_back(Outcome::failed);
  }

  // Children of a step that will not go on end first.
  RunEnd settle_then_take_back(Outcome outcome) {
    for (std::size_t i = 0; i < ledger_.steps().size(); ++i) {
      const auto* known = find_entry(ledger_.journal(), i);
      if (!known || known->phase == store::StepPhase::done) continue;
      if (desk_.settle_children(i) == Desk::Settled::drained) return drained();
    }
    return take_back_.run(outcome, start_);
  }

  RunEnd back_off(std::size_t step, const Error& error) {
    auto& known = ledger_.entry(step);
    known.attempts += 1;
    const auto& policy = ledger_.step(step).retry;
    auto delay = policy.delay_first;
    for (int i = 1; i < known.attempts && delay < policy.delay_max; ++i) delay *= 2;
    delay = std::min(delay, policy.delay_max);
    static thread_local std::minstd_rand random{std::random_device{}()};
    delay -= std::chrono::milliseconds(
        std::uniform_int_distribution<std::int64_t>(0, delay.count() / 2)(random));
    const Time at = services_.clock.now() + delay;
    auto& state = ledger_.state();
    state.reason = OperationReason{"retry_backoff",
                                   {{"step", known.name},
                                    {"attempt", known.attempts + 1},
                                    {"at", to_text(at)},
                                    {"code", code_of(error)},
                                    {"message", error.message}}};
    state.message = "trying " + known.name + " again: " + error.message;
    services_.logs.append(ledger_.id(), known.name,
                          "failed, is tried again at " + to_text(at) + ": " + error.message);
    return put_back(OperationStatus::accepted, step, at);
  }

  // Frees the worker; a later run goes on with this step.
  RunEnd put_back(OperationStatus status, std::size_t step, std::optional<Time> run_after) {
    auto& state = ledger_.state();
    if (status == OperationStatus::waiting_input) {
      state.reason = runner_.question();
      state.message =
          "waits for an answer: " + std::string(state.reason->params.at("question").as_string());
      services_.logs.append(ledger_.id(), ledger_.step(step).name, state.message);
    }
    ledger_.shown(step).status = StepStatus::pending;
    if (!ledger_.advance(
            {.status = status, .steps = {ledger_.entry(step)}, .run_after = run_after})) {
      return fenced();
    }
    fault_point((run_after ? "backoff:" : "asked:") + ledger_.step(step).name);
    return RunEnd::put_back;
  }

  // The store refused: a cancel came first, or the operation is in other hands.
  RunEnd fenced() {
    const auto status = ledger_.look_again();
    return status == OperationStatus::cancelling ? stop() : RunEnd::ended;
  }

  // All steps are done, and the end was not written: a cancel came just before it.
  RunEnd end_unfinished() {
    if (ledger_.cancel_asked() && !ledger_.past_final()) return stop();
    return runner_.end() ? RunEnd::ended : fenced();
  }

  RunEnd drained() {
    services_.store.mark_drained(std::array{ledger_.id()});
    return RunEnd::drained;
  }

  const Workflow& workflow_;
  const RunServices& services_;
  RunSignals& signals_;
  Ledger& ledger_;
  Desk desk_;
  StepRunner runner_;
  TakeBack take_back_;
  const RunStart start_;
  const bool cancel_requested_;
};

// What it does cannot be told any more, so nothing of it can be undone either.
void fail_unreadable(const RunServices& services, const store::OperationRecord& record,
                     RunSignals& signals, const Error& error) {
  log::error("operations", "unreadable",
             {{"operation_id", record.state.operation_id.text()}, {"error", error.message}});
  std::vector<Step> names;
  for (const auto& step : record.state.steps) names.emplace_back().name = step.name;
  Ledger ledger(services, signals, record, std::move(names), {});
  auto& state = ledger.state();
  state.error = rendered(error, state.current_step.value_or(""), state.attempt);
  state.message = error.message;
  const bool untouched =
      record.steps.empty() || (record.steps.size() == 1 && record.steps[0].crashes == 0 &&
                               record.steps[0].phase == store::StepPhase::intent);
  state.effects = untouched ? Effects::none : Effects::partial;
  static_cast<void>(commit_end(ledger, signals, {.status = OperationStatus::failed}));
}

struct Recipe {
  std::vector<Step> steps;
  Secrets secrets;
  std::optional<UndoSubject> subject;
};

Result<Recipe> recipe_of(const Workflow& workflow, const RunServices& services,
                         const store::OperationRecord& record) {
  return guarded("begin", [&]() -> Result<Recipe> {
    Recipe recipe;
    if (Secrets::has_reference(record.intent) || Secrets::has_reference(record.request)) {
      HUB_TRY(secrets, services.vault.read(record.state.operation_id));
      recipe.secrets = std::move(secrets);
    }
    HUB_TRY(intent, recipe.secrets.reveal(record.intent));
    if (!record.state.undo_of) {
      recipe.steps = workflow.steps(intent);
      return recipe;
    }
    HUB_TRY(subject, subject_of(intent));
    recipe.steps = undo_steps(workflow.steps(subject.intent), subject, services.store);
    recipe.subject = std::move(subject);
    return recipe;
  });
}

}  // namespace

RunEnd carry_out(const Workflow& workflow, const RunServices& services,
                 store::OperationRecord record, RunStart start, RunSignals& signals) {
  const OperationId id = record.state.operation_id;
  const bool cancel_requested = record.cancel_requested;
  auto recipe = recipe_of(workflow, services, record);
  auto end = RunEnd::ended;
  if (recipe) {
    Ledger ledger(services, signals, std::move(record), std::move(recipe->steps),
                  std::move(recipe->secrets));
    const auto* subject = recipe->subject ? &*recipe->subject : nullptr;
    end = Run(workflow, services, ledger, subject, start, signals, cancel_requested).follow();
    if (is_terminal(ledger.state().status) && !ledger.secrets().empty()) services.vault.remove(id);
  } else {
    fail_unreadable(services, record, signals, recipe.error());
  }
  services.board.forget(id);
  services.logs.close(id);
  return end;
}

}  // namespace hub::operations
