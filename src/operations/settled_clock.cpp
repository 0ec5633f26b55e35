#include "operations/settled_clock.hpp"

#include "base/log.hpp"

namespace hub::operations {

bool SettledClock::look() {
  const auto steady = clock_.steady();
  const auto ahead = std::chrono::milliseconds(to_millis(clock_.now())) - steady;
  const bool known = ahead_.has_value();
  const auto jump = known ? ahead - *ahead_ : std::chrono::milliseconds(0);
  ahead_ = ahead;
  if (!known || std::chrono::abs(jump) > jump_min) settled_at_ = steady + patience;
  if (std::chrono::abs(jump) > jump_min) {
    log::warning("operations", "clock_jumped", {{"by_s", jump.count() / 1000}});
  }
  return steady >= settled_at_;
}

}  // namespace hub::operations
