#pragma once
// One step of a run, forward: asks whether its effect exists where that is in doubt, runs it, marks
// it done, and says what is to be done when it is not.

#include "operations/take_back.hpp"

namespace hub::operations {

Error deadline_exceeded(const OperationState&);

struct StepEnd {
  enum class How {
    done,         // and journalled
    failed,       // `error`, for good
    tries_again,  // `error`, and its policy has another try
    asks,         // a person, see StepRunner::question()
    stopped,      // the user cancelled
    drained,      // the hub stops
    fenced,       // the store refused to mark it done
  };
  How how = How::done;
  Error error = {};
  std::vector<Error> causes = {};
};

class StepRunner {
 public:
  StepRunner(const RunServices& services, RunSignals& signals, Ledger& ledger, Desk& desk,
             RunStart start, std::chrono::seconds undo_window)
      : services_(services),
        signals_(signals),
        ledger_(ledger),
        desk_(desk),
        in_doubt_(start == RunStart::adopted),
        undo_window_(undo_window) {}

  StepEnd run(std::size_t step);
  // A final step that has begun: what it has done is to be found out before anything else.
  bool final_begun(std::size_t step) const;
  Result<> end();  // succeeded; refused like Ledger::advance()
  std::optional<OperationReason> question() { return std::move(question_); }

 private:
  std::optional<StepEnd> look_before(const Step&);
  std::optional<StepEnd> in_final_doubt(const Step&);
  Presence probe(const Step&);
  Result<> mark_begun(const Step&);
  StepEnd after_error(const Step&, Error);
  bool is_uncertain(const Error&) const;
  StepEnd finish();
  void prepare_end(store::OperationChange&);

  const RunServices& services_;
  RunSignals& signals_;
  Ledger& ledger_;
  Desk& desk_;
  bool in_doubt_;     // the step in intent may have made its effect already
  bool ran_ = false;  // the current one, from its beginning
  const std::chrono::seconds undo_window_;
  std::optional<OperationReason> question_;
};

}  // namespace hub::operations
