#include "operations/ledger.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "operations/progress.hpp"
#include "operations/rendering.hpp"

namespace hub::operations {
namespace {

using store::StepPhase;
using store::StepRecord;

constexpr std::size_t warnings_kept = 40;

StepStatus status_of(StepPhase phase) {
  switch (phase) {
    case StepPhase::intent: return StepStatus::running;
    case StepPhase::done: return StepStatus::done;
    case StepPhase::failed: return StepStatus::failed;
    case StepPhase::undone: return StepStatus::undone;
  }
  return StepStatus::pending;
}

// What is stored may have been shortened: then the journal knows.
std::vector<OperationStep> steps_shown(const OperationState& state, const std::vector<Step>& steps,
                                       const Journal& journal) {
  const bool whole = std::ranges::equal(state.steps, steps, {}, &OperationStep::name, &Step::name);
  if (whole) return state.steps;
  std::vector<OperationStep> shown;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto* known = find_entry(journal, i);
    const auto status = known ? status_of(known->phase) : StepStatus::pending;
    shown.push_back({steps[i].name, status, steps[i].weight, {}, {}});
  }
  return shown;
}

}  // namespace

Ledger::Ledger(const RunServices& services, RunSignals& signals, store::OperationRecord record,
               std::vector<Step> steps, Secrets secrets)
    : store_(services.store),
      logs_(services.logs),
      clock_(services.clock),
      signals_(signals),
      state_(std::move(record.state)),
      steps_(std::move(steps)),
      journal_(std::move(record.steps)),
      shown_(steps_shown(state_, steps_, journal_)),
      result_(whole_result(state_, logs_)),
      secrets_(std::move(secrets)) {
  logs_.blot_out(id(), secrets_.words());
  sign_of_life();
}

StepRecord& Ledger::entry(std::size_t i) {
  for (auto& known : journal_) {
    if (known.no == static_cast<int>(i)) return known;
  }
  StepRecord begun;
  begun.no = static_cast<int>(i);
  begun.name = steps_[i].name;
  found_unbegun(i);
  return journal_.emplace_back(std::move(begun));
}

Journal Ledger::begun() const {
  auto journal = journal_;
  std::erase_if(journal, [this](const StepRecord& known) {
    const bool open = known.phase == StepPhase::intent || known.phase == StepPhase::failed;
    return open && unbegun_.contains(known.no);
  });
  return journal;
}

std::optional<std::size_t> Ledger::next() const {
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const auto* known = find_entry(journal_, i);
    if (!known || known->phase == StepPhase::intent) return i;
  }
  return std::nullopt;
}

void Ledger::weigh(const std::map<std::string, std::int64_t>& step_times_ms) {
  if (step_times_ms.empty()) return;
  const auto weights = weights_of(steps_, step_times_ms);
  for (std::size_t i = 0; i < shown_.size(); ++i) shown_[i].weight = weights[i];
}

int Ledger::percent(std::size_t at, double share) const {
  double all = 0;
  double done = 0;
  for (std::size_t i = 0; i < shown_.size(); ++i) {
    all += shown_[i].weight;
    const auto* known = find_entry(journal_, i);
    if (known && known->phase == StepPhase::done) done += shown_[i].weight;
  }
  done += std::clamp(share, 0.0, 1.0) * shown_[at].weight;
  const int now = all > 0 ? static_cast<int>(100 * done / all) : 0;
  return std::max(now, state_.progress.value_or(0));
}

void Ledger::warn(const std::string& warning) {
  auto& all = state_.warnings ? *state_.warnings : state_.warnings.emplace();
  if (all.size() < warnings_kept && std::ranges::find(all, warning) == all.end()) {
    all.push_back(warning);
  }
}

void Ledger::set_result(const std::string& key, Json value) {
  if (!result_ || !result_->is_object()) result_ = Json(boost::json::object{});
  result_->as_object()[key] = std::move(value);
}

bool Ledger::cancel_asked() const {
  return signals_.cancel || state_.status == OperationStatus::cancelling;
}

bool Ledger::past_deadline() const {
  return state_.deadline_at && clock_.now() >= *state_.deadline_at;
}

OperationState Ledger::rendered_state() const {
  OperationState rendered = state_;
  rendered.steps = shown_;
  rendered.result = result_;
  rendered.stalled_since.reset();
  rendered.cancel_effect = cancel_effect_of(steps_, journal_);
  if (rendered.cancel_effect == CancelEffect::too_late) rendered.can_cancel = false;
  secrets_.blot(rendered);
  fit(rendered, logs_);
  return rendered;
}

// The store decides status and revision (a cancel may have come in between); the rest is ours.
Result<> Ledger::advance(store::OperationChange change) {
  OperationState wanted = rendered_state();
  change.edit = [&wanted](OperationState& stored) {
    wanted.status = stored.status;
    wanted.revision = stored.revision;
    wanted.can_cancel = wanted.can_cancel && stored.can_cancel;
    wanted.updated_at = stored.updated_at;
    stored = wanted;
  };
  if (change.status && is_terminal(*change.status)) {
    // Before the commit: whoever sees the end finds the whole log.
    logs_.append(
        id(), "operation",
        boost::describe::enum_to_string(*change.status, "") + std::string(": ") + wanted.message);
  }
  auto moved = store_.advance(id(), change);
  if (!moved) return tl::unexpected(std::move(moved).error());
  state_ = *std::move(moved);
  signals_.stalled = false;
  sign_of_life();
  return {};
}

std::optional<OperationStatus> Ledger::look_again() {
  const auto stored = store_.find(id());
  if (!stored) return std::nullopt;
  state_.status = stored->status;
  state_.revision = stored->revision;
  state_.can_cancel = state_.can_cancel && stored->can_cancel;
  if (is_terminal(stored->status)) {
    log::error("operations", "fenced",
               {{"operation_id", id().text()}, {"error", "it has ended in other hands"}});
  }
  return stored->status;
}

}  // namespace hub::operations
