#include "operations/run.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/fault_point.hpp"
#include "base/log.hpp"

namespace hub::operations {
namespace {

using store::OperationChange;
using store::StepPhase;
using store::StepRecord;

constexpr int crashes_max = 3;  // hubs that may die in one step before we stop trying

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

OperationError rendered(const Error& error, const std::string& step, int attempt) {
  OperationError out;
  out.type = "OperationFailed";
  out.code = upper(error.reason.empty() ? boost::describe::enum_to_string(error.code, "invalid")
                                        : error.reason);
  out.message = error.message;
  out.step = step;
  out.attempt = attempt;
  out.retryable = error.code == ErrorCode::unavailable;
  out.details = error.details;
  if (!error.hint.empty()) out.hint = error.hint;
  return out;
}

class Run final : public StepContext {
 public:
  Run(const Workflow& workflow, store::OperationStore& store, store::ProgressBoard& board,
      const Clock& clock, store::OperationRecord record, RunStart start, const RunSignals& signals)
      : store_(store),
        board_(board),
        clock_(clock),
        signals_(signals),
        state_(std::move(record.state)),
        steps_(workflow.steps(record.intent)),
        journal_(std::move(record.steps)),
        in_doubt_(start == RunStart::adopted) {}

  RunEnd follow() {
    if (state_.status == OperationStatus::reverting) return take_back(OperationStatus::failed);
    if (state_.status == OperationStatus::cancelling) return stop();
    while (const auto next = next_step()) {
      at_ = *next;
      if (cancelled()) return stop();
      if (signals_.drain) return drained();
      auto done = run_step();
      if (!done && signals_.drain && !signals_.cancel) return drained();
      if (!done && done.error().code == ErrorCode::cancelled && cancelled()) return stop();
      if (!done) return give_up(done.error());
    }
    return RunEnd::ended;
  }

  // StepContext
  const OperationId& operation_id() const override { return state_.operation_id; }
  bool stop_requested() const override { return signals_.cancel || signals_.drain; }
  boost::json::object& notes() override { return entry(at_).notes; }
  void change_installed(store::ArtifactChange change) override {
    artifacts_.push_back(std::move(change));
  }
  void conclude(const std::string& message) override { conclusion_ = message; }

  void progress(const ProgressDetail& detail, const std::string& message) override {
    double share = 0;
    if (detail.total && *detail.total > 0) {
      share = static_cast<double>(detail.done) / static_cast<double>(*detail.total);
    }
    board_.tick(state_.operation_id, {percent(std::clamp(share, 0.0, 1.0)), message, detail});
  }

  Result<> save_notes() override { return advance({.steps = {entry(at_)}}); }

  boost::json::object notes_of(const std::string& step) const override {
    for (const auto& known : journal_) {
      if (known.name == step) return known.notes;
    }
    return {};
  }

  void warn(const std::string& warning) override {
    auto& all = state_.warnings ? *state_.warnings : state_.warnings.emplace();
    if (all.size() < 20 && std::ranges::find(all, warning) == all.end()) all.push_back(warning);
  }

  void result(const std::string& key, Json value) override {
    if (!state_.result) state_.result = Json(boost::json::object{});
    state_.result->as_object()[key] = std::move(value);
  }

 private:
  bool cancelled() const { return signals_.cancel || state_.status == OperationStatus::cancelling; }

  std::optional<std::size_t> next_step() const {
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const auto* known = find_entry(i);
      if (!known || known->phase == StepPhase::intent) return i;
    }
    return std::nullopt;
  }

  const StepRecord* find_entry(std::size_t i) const {
    for (const auto& known : journal_) {
      if (known.no == static_cast<int>(i)) return &known;
    }
    return nullptr;
  }

  StepRecord& entry(std::size_t i) {
    for (auto& known : journal_) {
      if (known.no == static_cast<int>(i)) return known;
    }
    journal_.push_back({static_cast<int>(i), steps_[i].name, StepPhase::intent, 0, {}});
    return journal_.back();
  }

  // 0..100 of the whole, when `share` (0..1) of the current step is behind us.
  int percent(double share) const {
    double all = 0;
    double done = 0;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      all += steps_[i].weight;
      const auto* known = find_entry(i);
      if (known && known->phase == StepPhase::done) done += steps_[i].weight;
    }
    done += share * steps_[at_].weight;
    return all > 0 ? static_cast<int>(100 * done / all) : 0;
  }

  Result<> run_step() {
    const Step& step = steps_[at_];
    auto& known = entry(at_);
    if (known.crashes >= crashes_max) {
      return fail(ErrorCode::invalid,
                  "cannot finish step " + step.name + ": the hub was ended " +
                      std::to_string(known.crashes) + " times while it ran",
                  "crash_loop", "look into the hub's log, then ask again",
                  {{"step", step.name}, {"crashes", known.crashes}});
    }
    // A step that another boot left in intent may have made its effect already.
    const bool ask = std::exchange(in_doubt_, false);
    fault_point("intent:" + step.name);
    artifacts_.clear();
    if (!ask || step.probe(*this) != Presence::present) HUB_CHECK(guarded(step));
    fault_point("effect:" + step.name);
    return finish_step();
  }

  // A bug in one recipe ends one operation, not the hub.
  Result<> guarded(const Step& step) {
    try {
      return step.run(*this);
    } catch (const sql::Failure&) {
      throw;
    } catch (const std::exception& thrown) {
      return fail(ErrorCode::invalid, "cannot finish step " + step.name + ": " + thrown.what(),
                  "internal_error");
    }
  }

  // done(i) with intent(i + 1), or with the end of the operation.
  Result<> finish_step() {
    auto& known = entry(at_);
    known.phase = StepPhase::done;
    known.crashes = 0;
    OperationChange change;
    change.steps = {known};
    change.artifacts = std::move(artifacts_);
    artifacts_.clear();
    const Time now = clock_.now();
    auto& shown = state_.steps.at(at_);
    shown.status = StepStatus::done;
    shown.finished_at = now;
    if (steps_[at_].undo) {
      state_.effects = Effects::applied;
      state_.cancel_effect = CancelEffect::reverts;
    }
    state_.progress = percent(0);
    if (at_ + 1 < steps_.size()) {
      const std::size_t next = at_ + 1;
      change.steps.push_back(entry(next));
      auto& upcoming = state_.steps.at(next);
      upcoming.status = StepStatus::running;
      upcoming.started_at = now;
      state_.current_step = upcoming.name;
      state_.progress_detail.reset();
    } else {
      change.status = OperationStatus::succeeded;
      state_.progress = 100;
      if (!conclusion_.empty()) state_.message = conclusion_;
      if (state_.effects == Effects::none) state_.effects = Effects::applied;
    }
    HUB_CHECK(advance(change));
    fault_point("done:" + steps_[at_].name);
    return {};
  }

  RunEnd stop() {
    if (state_.status != OperationStatus::cancelling) {
      if (!advance({.status = OperationStatus::cancelling})) return RunEnd::ended;
    }
    return take_back(OperationStatus::cancelled);
  }

  RunEnd give_up(const Error& error) {
    log::warning("operations", "step_failed",
                 {{"operation_id", state_.operation_id.text()},
                  {"step", steps_[at_].name},
                  {"error", error.message}});
    state_.error = rendered(error, steps_[at_].name, state_.attempt);
    state_.message = error.message;
    state_.can_cancel = false;
    state_.cancel_effect = CancelEffect::none;
    auto& known = entry(at_);
    known.phase = StepPhase::failed;
    state_.steps.at(at_).status = StepStatus::failed;
    state_.steps.at(at_).finished_at = clock_.now();
    // A cancel that came in meanwhile has the store at cancelling already, which reverts as well.
    if (!advance({.status = OperationStatus::reverting, .steps = {known}}) &&
        !advance({.steps = {known}})) {
      return RunEnd::ended;
    }
    fault_point("failed:" + steps_[at_].name);
    return take_back(OperationStatus::failed);
  }

  // Undoes every step that may have left something, last first, then ends.
  RunEnd take_back(OperationStatus outcome) {
    bool undone_all = true;
    for (std::size_t i = steps_.size(); i-- > 0;) {
      const auto* known = find_entry(i);
      if (!known || known->phase == StepPhase::undone) continue;
      at_ = i;
      if (!undo_step()) undone_all = false;
    }
    OperationChange change;
    change.status = undone_all ? outcome : OperationStatus::failed;
    if (state_.effects == Effects::applied) state_.effects = Effects::reverted;
    if (!undone_all) state_.effects = Effects::partial;
    if (outcome == OperationStatus::cancelled && undone_all) {
      state_.message = "cancelled; what it had done was taken back";
    }
    if (advance(change)) fault_point("end:" + state_.kind.text());
    return RunEnd::ended;
  }

  bool undo_step() {
    auto& known = entry(at_);
    artifacts_.clear();
    Result<> undone;
    if (steps_[at_].undo) undone = steps_[at_].undo(*this);
    if (!undone) {
      log::error("operations", "undo_failed",
                 {{"operation_id", state_.operation_id.text()},
                  {"step", steps_[at_].name},
                  {"error", undone.error().message}});
      warn("could not take back step " + steps_[at_].name + ": " + undone.error().message);
      if (!state_.error) state_.error = rendered(undone.error(), steps_[at_].name, state_.attempt);
      return false;
    }
    fault_point("undo:" + steps_[at_].name);
    known.phase = StepPhase::undone;
    if (state_.steps.at(at_).status != StepStatus::failed) {
      state_.steps.at(at_).status = StepStatus::undone;
    }
    OperationChange change;
    change.steps = {known};
    change.artifacts = std::move(artifacts_);
    if (!advance(change)) return false;
    fault_point("undone:" + steps_[at_].name);
    return true;
  }

  RunEnd drained() {
    store_.mark_drained(state_.operation_id);
    return RunEnd::drained;
  }

  // The store decides status and revision (a cancel may have come in between); the rest is ours.
  Result<> advance(OperationChange change) {
    change.edit = [this](OperationState& stored) {
      const auto status = stored.status;
      const auto revision = stored.revision;
      const bool can_cancel = stored.can_cancel;
      stored = state_;
      stored.status = status;
      stored.revision = revision;
      stored.can_cancel = stored.can_cancel && can_cancel;
    };
    auto moved = store_.advance(state_.operation_id, change);
    if (!moved) {
      log::error("operations", "fenced",
                 {{"operation_id", state_.operation_id.text()}, {"error", moved.error().message}});
      return tl::unexpected(moved.error());
    }
    state_ = *std::move(moved);
    return {};
  }

  store::OperationStore& store_;
  store::ProgressBoard& board_;
  const Clock& clock_;
  const RunSignals& signals_;
  OperationState state_;
  std::vector<Step> steps_;
  std::vector<StepRecord> journal_;
  std::vector<store::ArtifactChange> artifacts_;
  std::string conclusion_;
  std::size_t at_ = 0;
  bool in_doubt_;
};

}  // namespace

RunEnd carry_out(const Workflow& workflow, store::OperationStore& store,
                 store::ProgressBoard& board, const Clock& clock, store::OperationRecord record,
                 RunStart start, const RunSignals& signals) {
  const OperationId id = record.state.operation_id;
  const auto end = Run(workflow, store, board, clock, std::move(record), start, signals).follow();
  board.forget(id);
  if (end == RunEnd::ended) workflow.clean_up(id);
  return end;
}

}  // namespace hub::operations
