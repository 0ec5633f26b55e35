#pragma once
// The crew: the workers that carry operations out, each one at a time, and the watch that looks
// after what no worker sees: times that have come, deadlines, runs that have fallen silent.
// Thread-safe.
//
//   store (ready) ──claim──► worker: carry_out() ──► ended, put back, drained
//        ▲ each commit rings                 └─ the database failed ──► later, from its journal

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "operations/run.hpp"
#include "operations/turns.hpp"

namespace hub::operations {

struct CrewOptions {
  std::size_t slots = 4;
  std::chrono::milliseconds drain_patience{10'000};
  std::function<void()> on_stuck = {};
  std::function<void()> on_end = {};  // an operation has ended; from any thread, must be quick
};

class Crew {
 public:
  // `services` has no family yet: children are accepted by the manager, which fills that in.
  Crew(const RunServices& services, const Workflows& workflows, CrewOptions options);
  ~Crew() { stop(); }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // Takes up what earlier boots left; how many.
  std::int64_t start();
  // Every run stops at its next checkpoint. One that does not within the patience: on_stuck.
  void stop();

  void rang();  // something was committed; cheap

  const Workflow* workflow_for(const OperationKind&) const;

  // Cancels in the store and tells the run.
  Result<OperationState> cancel(const OperationId&);
  void tell_cancelled(const OperationId&);  // the store knows already

  // For runs that wait for others.
  Result<> lend_slot(Family::Urge);
  void take_slot_back();

  struct Load {
    std::size_t slots = 0, busy = 0;
    std::int64_t stalled = 0;
  };
  Load load() const;

 private:
  struct Job {
    store::OperationRecord record;
    RunStart start = RunStart::fresh;
    std::shared_ptr<RunSignals> signals;
  };
  // Looked at by the watch while it runs.
  struct Running {
    std::shared_ptr<RunSignals> signals;  // shared: whoever cancels may hold it past the end
    OperationKind kind;
    std::chrono::milliseconds stall_after{0};
  };
  struct Broken {
    OperationId id;
    std::chrono::milliseconds due{0};
    std::chrono::milliseconds delay{0};
  };
  struct Quarantined {
    bool untouched = false;  // it never ran
  };

  void work();
  std::optional<Job> next_job();
  std::optional<Job> next_orphan();  // mutex_ is held
  std::optional<Job> claim(std::unique_lock<std::mutex>& guard);
  void found_nothing();  // mutex_ is held
  std::vector<OperationKind> claimable() const;
  Job enrol(store::OperationRecord, RunStart);
  void run(Job);
  void leave(const OperationId&, const OperationKind&);
  bool is_strange(const store::OperationRecord&) const;
  void quarantine(const store::OperationRecord&, RunStart);
  std::optional<Result<OperationState>> end_quarantined(const OperationId&);
  std::shared_ptr<RunSignals> signals_of(const OperationId&) const;
  void spawn_worker();

  void watch();
  void look_around();
  void look_at_runs();
  void look_at_deadlines();
  void look_at_broken();
  void look_for_strangers();
  void flag(const OperationId&, RunSignals&, bool stalled);

  const RunServices& services_;
  const Workflows& workflows_;
  const CrewOptions options_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;      // workers
  std::condition_variable returned_;  // a slot, or a run
  std::condition_variable look_;      // the watch
  Turns turns_;
  std::uint64_t rings_ = 0;
  std::size_t idle_ = 0;     // workers that wait
  std::size_t lenders_ = 0;  // runs that wait for others
  bool stopping_ = false;
  std::map<OperationId, Running> running_;
  std::map<OperationId, Quarantined> quarantined_;
  std::set<OperationKind> strangers_;  // live kinds that this hub does not know
  std::deque<store::OperationRecord> orphans_;
  std::vector<Broken> broken_;
  std::vector<std::thread> threads_;

  // The watch's own:
  std::chrono::milliseconds deadlines_looked_at_{0};
  bool strangers_looked_for_ = false;
};

}  // namespace hub::operations
