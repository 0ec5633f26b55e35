#pragma once
// At most so many bytes a second, all connections together: a bucket that fills with time. One
// thread.

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace hub::transfer {

class RateLimit {
 public:
  // 0: none. The bucket holds a quarter of a second's worth.
  RateLimit(std::int64_t bytes_per_s, std::chrono::milliseconds now)
      : bytes_per_s_(bytes_per_s), filled_at_(now) {}

  bool may_take(std::chrono::milliseconds now) {
    if (bytes_per_s_ <= 0) return true;
    const auto passed = now - filled_at_;
    const auto more = bytes_per_s_ * passed.count() / 1000;
    if (more > 0) {
      filled_at_ = now;
      bytes_ = std::min(bytes_ + more, std::max<std::int64_t>(bytes_per_s_ / 4, 1));
    }
    return bytes_ > 0;
  }
  // More than there is: the bucket owes it.
  void take(std::int64_t bytes) { bytes_ -= bytes_per_s_ > 0 ? bytes : 0; }

 private:
  std::int64_t bytes_per_s_;
  std::chrono::milliseconds filled_at_;
  std::int64_t bytes_ = 0;
};

}  // namespace hub::transfer
