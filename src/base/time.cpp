#include "base/time.hpp"

#include <cstdio>

namespace hub {

std::chrono::milliseconds Clock::steady() const {
  return std::chrono::floor<std::chrono::milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

Time SystemClock::now() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::string to_seconds_text(Time time) {
  std::string text = to_text(time);
  return text.substr(0, text.find('.')) + "+00:00";
}

std::string to_text(Time time) {
  namespace chrono = std::chrono;
  const auto day = chrono::floor<chrono::days>(time);
  const chrono::year_month_day date{day};
  const chrono::hh_mm_ss clock{time - day};
  char text[32];
  std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text;
}

Result<Time> parse_time(std::string_view text) {
  namespace chrono = std::chrono;
  int year = 0, hour = 0, minute = 0, second = 0, millis = 0;
  unsigned month = 0, day = 0;
  const std::string copy(text);
  const int fields = std::sscanf(copy.c_str(), "%4d-%2u-%2uT%2d:%2d:%2d.%3dZ", &year, &month, &day,
                                 &hour, &minute, &second, &millis);
  const chrono::year_month_day date{chrono::year{year}, chrono::month{month}, chrono::day{day}};
  if (fields != 7 || !date.ok() || copy.back() != 'Z') {
    return fail(ErrorCode::invalid,
                "cannot read time \"" + copy + "\": want 2026-01-02T03:04:05.678Z");
  }
  return Time{chrono::sys_days{date} + chrono::hours{hour} + chrono::minutes{minute} +
              chrono::seconds{second} + chrono::milliseconds{millis}};
}

}  // namespace hub
