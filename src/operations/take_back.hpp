#pragma once
// The way back of a run: undoes every step that may have left something, last first, then ends.

#include "operations/desk.hpp"

namespace hub::operations {

// What a run ends with, once everything is taken back.
enum class Outcome { failed, cancelled };

class TakeBack {
 public:
  TakeBack(const RunServices& services, RunSignals& signals, Ledger& ledger, Desk& desk,
           std::chrono::seconds keep_partial)
      : services_(services),
        signals_(signals),
        ledger_(ledger),
        desk_(desk),
        keep_partial_(keep_partial) {}

  void add(const store::StepRecord& step) { along_.push_back(step); }  // written with the end
  RunEnd run(Outcome outcome, RunStart start);

 private:
  enum class Undone { yes, no, drained };
  Undone undo(std::size_t step);
  RunEnd drained(std::size_t step);
  Result<> call_undo(const Step&);
  bool crashed_too_often(std::size_t step, RunStart start);
  void undo_failed(std::size_t step, const Error&);
  RunEnd end(Outcome outcome, bool undone_all);
  void tell_cancelled();

  const RunServices& services_;
  RunSignals& signals_;
  Ledger& ledger_;
  Desk& desk_;
  std::vector<store::StepRecord> along_;
  const std::chrono::seconds keep_partial_;  // what an undo of a failed one would need
};

// Whether so many hubs have died in one step of an operation, or in its undo, that it is given up.
// A parent's step outlives the crashes of its children, each of which gives up by itself.
bool is_crash_loop(std::int64_t crashes, store::OperationStore&, const OperationId&, const Step&,
                   const store::StepRecord&);

// A bug in a recipe ends one operation, not the hub. What the database throws goes on.
template <class Work>
auto guarded(const std::string& step, Work work) -> decltype(work());

// Commits an end; nobody's cancel comes in between. Refused like Ledger::advance().
Result<> commit_end(Ledger&, RunSignals&, store::OperationChange);

// ---- details

Error thrown_in(const std::string& step, const char* what);

template <class Work>
auto guarded(const std::string& step, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const sql::Failure&) {
    throw;
  } catch (const std::exception& thrown) {
    return tl::unexpected(thrown_in(step, thrown.what()));
  } catch (...) {
    return tl::unexpected(thrown_in(step, "something that is no std::exception was thrown"));
  }
}

}  // namespace hub::operations
