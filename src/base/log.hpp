#pragma once
// One line, one event, one JSON object on standard error:
//   {"ts":"2026-01-02T03:04:05.678Z","level":"info","room":"operations","event":"claimed",...}
// Logged once, where an error stops travelling. Never tokens or whole bodies. Thread-safe.

#include <string_view>

#include <boost/json.hpp>

namespace hub::log {

enum class Level { debug, info, warning, error };

using Fields = boost::json::object;

void set_level(Level lowest);
void write(Level, std::string_view room, std::string_view event, const Fields& = {});

inline void debug(std::string_view room, std::string_view event, const Fields& fields = {}) {
  write(Level::debug, room, event, fields);
}
inline void info(std::string_view room, std::string_view event, const Fields& fields = {}) {
  write(Level::info, room, event, fields);
}
inline void warning(std::string_view room, std::string_view event, const Fields& fields = {}) {
  write(Level::warning, room, event, fields);
}
inline void error(std::string_view room, std::string_view event, const Fields& fields = {}) {
  write(Level::error, room, event, fields);
}

}  // namespace hub::log
