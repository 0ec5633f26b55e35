#pragma once
// Wall-clock time: UTC, milliseconds. On the wire RFC 3339 ("2026-01-02T03:04:05.678Z"),
// in the database integer milliseconds. Durations are std::chrono, never bare numbers.

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
};

class SystemClock final : public Clock {
 public:
  Time now() const override;
};

class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start) : now_(start) {}
  Time now() const override { return now_; }
  void advance(std::chrono::milliseconds by) { now_ += by; }

 private:
  Time now_;
};

}  // namespace hub
