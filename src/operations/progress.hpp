#pragma once
// How far an operation is: what its steps weigh, and how fast the current one goes.

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "operations/workflow.hpp"

namespace hub::operations {

// "fetch" of "fetch skill:notes": by this name the hub learns how long a step takes.
std::string plain_name(const std::string& step);

// What each step weighs: how long it took in the middle (ms, by plain name), where that is known;
// what its recipe says, on the same scale, where it is not.
std::vector<int> weights_of(const std::vector<Step>&,
                            const std::map<std::string, std::int64_t>& step_times_ms);

// Rate and ETA of one step, over its last few seconds. Not thread-safe.
class RateMeter {
 public:
  static constexpr std::chrono::milliseconds window{5'000};
  static constexpr std::chrono::milliseconds span_min{500};  // below that a rate is noise

  void restart() { samples_.clear(); }
  // What the step said, with rate and ETA where they are known.
  ProgressDetail measured(ProgressDetail said, std::chrono::milliseconds now);

 private:
  struct Sample {
    std::chrono::milliseconds at;
    std::int64_t done;
  };
  std::deque<Sample> samples_;
};

}  // namespace hub::operations
