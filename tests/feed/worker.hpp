#pragma once
// One thread of a driver: does one random thing after another.

#include <atomic>

#include "runner.hpp"

namespace hub::feed_test {

// Among the threads of one driver.
struct Shared {
  Shared(store::OperationStore& its_store, const AnswerLog& its_answers, const Clock& its_clock)
      : store(its_store), answers(its_answers), clock(its_clock) {}

  store::OperationStore& store;
  const AnswerLog& answers;
  const Clock& clock;
  std::atomic<bool> finishing{false};  // accept nothing more

  // Ids that somebody may want to cancel or confirm; not all of them live.
  void remember(const OperationId&);
  std::optional<OperationId> any(Random&);

  // Those that wait for an answer, each taken out once.
  void remember_waiting(const OperationId&);
  std::optional<OperationId> take_waiting();

 private:
  std::mutex mutex_;
  std::vector<OperationId> recent_;
  std::size_t next_ = 0;
  std::deque<OperationId> waiting_;
};

class Worker {
 public:
  Worker(Shared& shared, std::uint64_t seed)
      : shared_(shared),
        random_(seed),
        runner_(shared.store, shared.answers, shared.clock, random_) {}

  // Orphans first, then random things until the driver finishes and nothing lives any more.
  void run(std::vector<store::OperationRecord> orphans);

 private:
  int die(int sides) { return std::uniform_int_distribution(0, sides - 1)(random_); }
  store::NewOperation made_up();
  void accept();
  void accept_together();
  void judge_acceptance(const Result<store::Accepted>&);
  bool run_one();
  void follow(store::OperationRecord);
  void cancel_one();
  bool confirm_one();
  void spoil_a_batch();
  void give_up_late_ones();

  Shared& shared_;
  Random random_;
  Runner runner_;
};

}  // namespace hub::feed_test
