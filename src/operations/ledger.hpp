#pragma once
// What a run knows of its operation, and the only way it moves: changed in memory first, then made
// durable by advance(). One thread.

#include <set>

#include "operations/effects.hpp"
#include "operations/run.hpp"

namespace hub::operations {

class Ledger {
 public:
  Ledger(const RunServices&, RunSignals&, store::OperationRecord, std::vector<Step>, Secrets);

  OperationState& state() { return state_; }
  const OperationState& state() const { return state_; }
  const OperationId& id() const { return state_.operation_id; }
  const std::vector<Step>& steps() const { return steps_; }
  const Step& step(std::size_t i) const { return steps_[i]; }
  const Journal& journal() const { return journal_; }
  // Without the intents that this run has written, or found unbegun, and did not begin.
  Journal begun() const;
  void found_unbegun(std::size_t i) { unbegun_.insert(static_cast<int>(i)); }
  void begin(std::size_t i) { unbegun_.erase(static_cast<int>(i)); }
  const Secrets& secrets() const { return secrets_; }

  store::StepRecord& entry(std::size_t i);  // begun with an intent when there is none
  OperationStep& shown(std::size_t i) { return shown_[i]; }
  std::optional<std::size_t> next() const;  // the first step that is neither done nor failed

  // Learned weights, for a run that nothing has been shown of yet.
  void weigh(const std::map<std::string, std::int64_t>& step_times_ms);
  // 0..100 of the whole when `share` (0..1) of a step is behind us; never less than before.
  int percent(std::size_t at, double share) const;

  void warn(const std::string& warning);
  void set_result(const std::string& key, Json value);

  bool cancel_asked() const;
  bool past_final() const { return point_of_no_return(steps_, journal_).has_value(); }
  bool past_deadline() const;

  // Makes the change and all that was changed here durable. conflict: it is not ours, or a cancel
  // came first; status() tells which.
  Result<> advance(store::OperationChange);
  // The status in the store, after advance() was refused.
  std::optional<OperationStatus> look_again();

  void sign_of_life() { signals_.last_sign_at = clock_.steady().count(); }

 private:
  OperationState rendered_state() const;

  store::OperationStore& store_;
  OperationLogs& logs_;
  const Clock& clock_;
  RunSignals& signals_;
  OperationState state_;
  std::vector<Step> steps_;
  Journal journal_;
  std::set<int> unbegun_;             // numbers of steps
  std::vector<OperationStep> shown_;  // all of them; what is stored may be shortened
  Nullable<Json> result_;             // the same
  Secrets secrets_;
};

}  // namespace hub::operations
