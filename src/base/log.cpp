#include "base/log.hpp"

#include <atomic>
#include <memory>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/time.hpp"

namespace hub::log {
namespace {

std::shared_ptr<spdlog::logger> make_logger() {
  auto logger =
      std::make_shared<spdlog::logger>("hub", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%v");
  logger->set_level(spdlog::level::debug);
  logger->flush_on(spdlog::level::debug);
  return logger;
}

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> one = make_logger();
  return *one;
}

std::atomic<Level>& lowest_level() {
  static std::atomic<Level> level{Level::info};
  return level;
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warning: return "warning";
    case Level::error: return "error";
  }
  return "error";
}

}  // namespace

void set_level(Level lowest) { lowest_level() = lowest; }

void write(Level level, std::string_view room, std::string_view event, const Fields& fields) {
  if (level < lowest_level().load()) return;
  Fields line{{"ts", to_text(SystemClock{}.now())},
              {"level", name_of(level)},
              {"room", room},
              {"event", event}};
  for (const auto& [key, value] : fields) line[key] = value;
  logger().log(spdlog::level::info, "{}", boost::json::serialize(line));
}

}  // namespace hub::log
