#pragma once
// The desk of a step: what it may say, ask and remember while it runs or is undone. One thread.

#include "operations/ledger.hpp"
#include "operations/progress.hpp"
#include "operations/undo.hpp"

namespace hub::operations {

class Desk final : public StepContext {
 public:
  // `subject`: what this operation undoes; the steps are that one's and see its id and notes.
  Desk(const RunServices&, RunSignals&, Ledger&, const UndoSubject* subject);

  // Which way the steps go from now on: a cancel or deadline is no reason to stop an undo.
  enum class Direction { forward, back };
  void sit_down(std::size_t step, Direction);
  void stand_up();  // between steps nothing is out of time

  std::size_t at() const { return at_; }
  bool out_of_time() const;
  std::chrono::milliseconds took() const;
  std::vector<store::ArtifactChange> take_artifacts();
  std::optional<OperationReason> take_question();  // ask() was called and not answered
  void set_question(const std::string& question, boost::json::object params);
  std::optional<Json> answer_to(const std::string& question);

  // Children of a step that is not to go on, or of an undo that is not: told to cancel, and waited
  // for. drained: the hub stops.
  enum class Settled { all, drained };
  Settled settle_children(std::size_t step);

  // StepContext
  const OperationId& operation_id() const override;
  bool stop_requested() const override;
  void progress(const ProgressDetail&, const std::string& message) override;
  void log(std::string_view line) override;
  boost::json::object& notes() override { return ledger_.entry(at_).notes; }
  Result<> save_notes() override;
  boost::json::object notes_of(const std::string& step) const override;
  void change_installed(store::ArtifactChange) override;
  void warn(const std::string& warning) override;
  void result(const std::string& key, Json value) override {
    ledger_.set_result(key, std::move(value));
  }
  void conclude(const std::string& message) override;
  Result<Json> ask(const std::string& question, const boost::json::object& params) override;
  Result<std::vector<OperationState>> run_children_while(std::vector<OperationRequest>,
                                                         GoesOn) override;
  std::vector<OperationState> children() const override;
  Result<std::vector<ChildUndo>> undo_children(std::vector<OperationId>) override;

 private:
  struct Brood;  // the children of one call
  class Loan;    // of the worker's slot
  Result<> accept_children(Brood&);
  Result<> accept_undos(Brood&, std::vector<ChildUndo>&);
  Settled wait_for(Brood&, bool cancel_at_once);
  void note_ends(const Brood&);

  const RunServices& services_;
  RunSignals& signals_;
  Ledger& ledger_;
  const UndoSubject* subject_;
  std::size_t at_ = 0;
  Direction direction_ = Direction::forward;
  std::chrono::milliseconds began_{0}, ends_{0}, saved_{0};
  RateMeter meter_;
  std::vector<store::ArtifactChange> artifacts_;
  std::optional<OperationReason> question_;
  std::size_t children_asked_ = 0;  // by earlier calls of this run of the step
  bool slot_is_lent_ = false;
};

}  // namespace hub::operations
