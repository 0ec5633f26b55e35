#pragma once
// The crash matrix: every kind of operation, in every scenario, with the plug pulled at every
// point; then a restart, and everything must be as if nothing had happened. The rest is in
// checks.hpp.

#include <iosfwd>
#include <map>

#include "matrix/checks.hpp"
#include "matrix/samples.hpp"

namespace hub::matrix {

struct MatrixOptions {
  Loss loss = Loss::kill;
  std::uint64_t seed = 1;
  // Copies of one scenario, about: at fault points, and between any two calls that change a file.
  double points_max = 0.4, calls_max = 0.25;  // ten times as many of a success
  std::size_t cuts = 1;       // for each such place: ways to lose what was not synced
  double share_again = 0.15;  // of the restarts that the plug is pulled at once more
  // Of the failures and cancels of a sample each is tried with kills, with power cuts or not at
  // all.
  bool thirds = true;
  bool all_lost = false;  // power: nothing unsynced ever outlasts it; the last copies go first
  std::string only = {};  // scenarios whose name holds this
  std::function<bool(const Call&)> skip_sync = {};  // an fsync that does nothing
  std::size_t violations_max = 20;                  // then it stops
  bool verbose = false;                             // a line for each scenario
};

// From HUB_MATRIX_SEED, HUB_MATRIX_FULL=1 (every point, many calls), HUB_MATRIX_ONLY and
// HUB_MATRIX_VERBOSE=1.
MatrixOptions options_from_environment(Loss);

struct Figures {
  std::size_t kinds = 0, scenarios = 0;
  std::size_t points = 0, calls = 0;             // where the plug could have been pulled
  std::size_t cases = 0, twice = 0, thrice = 0;  // where it was; again during the recovery
  std::vector<std::string> violations;
};
std::ostream& operator<<(std::ostream&, const Figures&);

class Matrix {
 public:
  Matrix(const Premises&, MatrixOptions);

  // Every scenario of every sample of the kind. Throws when it has none.
  void run(const OperationKind&);
  const Figures& figures() const { return figures_; }

 private:
  enum class Action { ask, retry, undo };
  struct Scenario {
    std::string name;
    const Sample* sample = nullptr;
    Action action = Action::ask;
    Meddling setup;            // of the operation that is retried or undone
    Meddling meddling;         // of the operation in question
    bool may_succeed = false;  // when the plug was pulled before the meddling
    bool parent = false;       // it asks for operations of its own
    double points_max = 0, calls_max = 0;
  };
  struct Course {
    End end;
    OperationState state;
    bool parent = false;
    std::size_t points = 0, calls = 0;
  };

  void run(const Sample&);
  Course run(const Scenario&, const std::vector<End>& other_ends);
  bool is_wanted(const Scenario&) const;
  bool is_in_my_third(const Scenario&) const;
  // What stands before the plug is pulled, and the operation that is retried or undone.
  Expectation prepare(const Scenario&, const fs::path& base, OperationId& first);
  void run_case(const Scenario&, const Snapshot&, const Expectation&, int crashes);
  Result<OperationId> act(const Scenario&, SmallHub&, Recorder&, const OperationId& first) const;
  void report(const Scenario&, const Snapshot&, const std::vector<std::string>& sentences);
  bool enough() const { return figures_.violations.size() >= options_.violations_max; }

  const Premises& premises_;
  MatrixOptions options_;
  Lottery lottery_;
  TemporaryDirectory directory_;
  std::size_t folders_ = 0;
  std::map<Start, Expectation> at_start_;
  double expected_points_ = 40, expected_calls_ = 1000;  // of one scenario
  Figures figures_;
};

}  // namespace hub::matrix
