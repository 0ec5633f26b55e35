#include "registry/catalog_time.hpp"

#include <cstdio>

namespace hub::registry {

std::optional<Time> read_time(const std::string& text) {
  namespace chrono = std::chrono;
  int year = 0, hour = 0, minute = 0, second = 0, used = 0;
  unsigned month = 0, day = 0;
  if (std::sscanf(text.c_str(), "%4d-%2u-%2u%*[T ]%2d:%2d:%2d%n", &year, &month, &day, &hour,
                  &minute, &second, &used) != 6) {
    return std::nullopt;
  }
  std::string zone = text.substr(static_cast<std::size_t>(used));
  if (zone.starts_with('.')) {
    const auto end = zone.find_first_not_of("0123456789", 1);
    zone = end == std::string::npos ? "" : zone.substr(end);
  }
  int offset_hours = 0, offset_minutes = 0;
  char sign[] = "+";
  if (zone != "Z" && !zone.empty() &&
      std::sscanf(zone.c_str(), "%1[+-]%2d:%2d", sign, &offset_hours, &offset_minutes) != 3) {
    return std::nullopt;
  }
  const chrono::year_month_day date{chrono::year{year}, chrono::month{month}, chrono::day{day}};
  if (!date.ok()) return std::nullopt;
  const auto offset = chrono::hours{offset_hours} + chrono::minutes{offset_minutes};
  const Time local{chrono::sys_days{date} + chrono::hours{hour} + chrono::minutes{minute} +
                   chrono::seconds{second}};
  return sign[0] == '-' ? local + offset : local - offset;
}

std::string later_time(const std::optional<std::string>& previous, const std::string& candidate) {
  const auto theirs = read_time(candidate);
  if (!previous) return theirs ? to_seconds_text(*theirs) : candidate;
  const auto ours = read_time(*previous);
  if (!theirs || (ours && *ours >= *theirs)) return *previous;
  return to_seconds_text(*theirs);
}

}  // namespace hub::registry
