#pragma once
// Takes copies of a running hub's disk: at each fault point of base/fault_point.hpp, and between
// any two calls that change a file. Remembers with each what somebody had been told by then, which
// the hub must still know after its restart.

#include <mutex>
#include <string>
#include <vector>

#include "matrix/disk_model.hpp"
#include "matrix/small_hub.hpp"

namespace hub::matrix {

enum class Loss {
  kill,   // SIGKILL: the page cache survives
  power,  // a power cut: what was not synced may be lost, torn or reordered
};

struct Promises {
  bool accepted = false;                      // the request was answered
  bool cancelled = false;                     // so was the cancel
  std::vector<store::OperationEvent> events;  // somebody has read these
};

struct Snapshot {
  std::string point;  // "after done:fetch", "before rename of workspace/skills/lamp"
  std::string how;    // "killed", "power lost with seed 5"
  Promises promises;
  fs::path folder;
};

// The same choices for the same seed, on every machine.
class Lottery {
 public:
  explicit Lottery(std::uint64_t seed) : seed_(seed) {}
  std::uint64_t number(const std::string& ticket) const;
  bool draw(const std::string& ticket, double share) const;

 private:
  std::uint64_t seed_;
};

struct RecorderOptions {
  Loss loss = Loss::kill;
  fs::path folder;     // of the copies
  std::string ticket;  // what the lottery knows this recording by
  double share_of_points = 1;
  double share_of_calls = 0;  // of the calls that change a file
  std::size_t copies_max = 1'000'000;
  std::size_t cuts = 4;   // power: how many ways to lose what was not synced
  bool all_lost = false;  // power: always all of it
  std::function<bool(const Call&)> skip_sync = {};
};

class Recorder {
 public:
  Recorder(DiskModel&, const Lottery&, RecorderOptions);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // From now on; before the hub's threads start. `promises` are what was promised before.
  void start(Promises promises);
  void watch(SmallHub&);  // read its feed at each point
  void forget_hub();
  void was_accepted();
  void was_cancelled();
  // A fault point of our own: when everything has been done, however late the hub's threads pass
  // their last ones.
  void at_rest() { at_point("rest"); }
  void stop();

  const std::vector<Snapshot>& snapshots() const { return snapshots_; }
  std::size_t points() const { return points_; }  // fault points passed
  std::size_t calls() const { return calls_; }    // calls that change a file

 private:
  static void pass(std::string_view point);
  void at_point(std::string_view point);
  void at_call(const Call&);
  void take(const std::string& point, const std::string& ticket);
  void cut(const std::string& point, const std::string& ticket, std::size_t number);
  Snapshot next(const std::string& point, const std::string& how);
  void keep(Snapshot);

  DiskModel& disk_;
  const Lottery& lottery_;
  RecorderOptions options_;
  std::mutex mutex_;  // of what follows; never held while the disk is touched
  Promises promises_;
  std::vector<Snapshot> snapshots_;
  std::size_t taken_ = 0, points_ = 0, calls_ = 0;
  std::mutex hub_mutex_;
  SmallHub* hub_ = nullptr;
};

}  // namespace hub::matrix
