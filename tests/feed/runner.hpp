#pragma once
// Carries claimed operations through the store as an engine would, with a die instead of a
// workflow: steps, failures, retries, questions, cancels and their undo.

#include <random>

#include "answer_log.hpp"

namespace hub::feed_test {

using Random = std::mt19937_64;

inline bool chance(Random& random, int percent) {
  return std::uniform_int_distribution(1, 100)(random) <= percent;
}

class Runner {
 public:
  Runner(store::OperationStore& store, const AnswerLog& answers, const Clock& clock, Random& random)
      : store_(store), answers_(answers), clock_(clock), random_(random) {}

  // Until it has ended, waits for somebody, or is to be tried again: which of them, it answers.
  // Throws std::logic_error when the store refuses what it must not refuse.
  OperationStatus follow(store::OperationRecord);

 private:
  bool run_step(store::OperationRecord&);  // false: it is out of our hands
  void take_back(store::OperationRecord&, OperationStatus end);
  void move(store::OperationRecord&, const store::OperationChange&);
  bool fail_step(store::OperationRecord&, store::StepRecord);
  bool finish_step(store::OperationRecord&, store::StepRecord);
  bool let_go(store::OperationRecord&, store::StepRecord, OperationStatus);

  store::OperationStore& store_;
  const AnswerLog& answers_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace hub::feed_test
