#pragma once
// Whether the wall clock can be believed: what is forgotten by it does not come back, so one that
// was just set, by hand or by NTP after a start, is believed only when it has gone on like the
// steady one for a while. One thread.

#include <optional>

#include "base/time.hpp"

namespace hub::operations {

class SettledClock {
 public:
  static constexpr std::chrono::seconds jump_min{30};  // from one look to the next
  static constexpr std::chrono::minutes patience{10};

  explicit SettledClock(const Clock& clock) : clock_(clock) {}
  bool look();  // true: it is settled

 private:
  const Clock& clock_;
  std::optional<std::chrono::milliseconds> ahead_;  // of the steady clock
  std::chrono::milliseconds settled_at_{0};         // by the steady clock
};

}  // namespace hub::operations
