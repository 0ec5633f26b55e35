#pragma once
// Wall-clock time: UTC, milliseconds. On the wire RFC 3339 ("2026-01-02T03:04:05.678Z"),
// in the database integer milliseconds. Durations are std::chrono, never bare numbers.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace hub {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;

std::string to_text(Time);
Result<Time> parse_time(std::string_view);

// As registry.json and AdaOS write times: "2026-01-02T03:04:05+00:00", whole seconds.
std::string to_seconds_text(Time);

inline std::int64_t to_millis(Time time) { return time.time_since_epoch().count(); }
inline Time from_millis(std::int64_t millis) { return Time{std::chrono::milliseconds{millis}}; }

// The only source of "now". Tests pass a clock they turn by hand.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  // Only goes forward, whatever somebody does to the wall clock: for durations and timeouts. Its
  // zero means nothing.
  virtual std::chrono::milliseconds steady() const;
};

class SystemClock final : public Clock {
 public:
  Time now() const override;
};

// May be turned by one thread while others read it.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start) : now_ms_(to_millis(start)) {}
  Time now() const override { return from_millis(now_ms_); }
  std::chrono::milliseconds steady() const override {
    return std::chrono::milliseconds(steady_ms_);
  }
  void advance(std::chrono::milliseconds by) {
    steady_ms_ += by.count();
    now_ms_ += by.count();
  }
  // Somebody sets the wall clock, forward or back; no time passes.
  void jump(std::chrono::milliseconds by) { now_ms_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_ms_;
  std::atomic<std::int64_t> steady_ms_{1};
};

}  // namespace hub
