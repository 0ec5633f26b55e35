#include "projection/legacy_toasts.hpp"

#include <string_view>

namespace hub::projection {
namespace {

std::string_view legacy_level(NotificationLevel level) {
  switch (level) {
    case NotificationLevel::success: return "success";
    case NotificationLevel::error:
    case NotificationLevel::warning: return "danger";  // the old page knows no third
  }
  return "danger";
}

}  // namespace

boost::json::array legacy_toasts(const std::vector<OperationNotification>& oldest_first) {
  boost::json::array out;
  const std::size_t size = oldest_first.size();
  for (std::size_t i = size > kToastsMax ? size - kToastsMax : 0; i < size; ++i) {
    const OperationNotification& one = oldest_first[i];
    out.push_back({{"level", legacy_level(one.level)},
                   {"message", one.message},
                   {"code", one.operation_id.text()},
                   {"source", "operations"},
                   {"ts", to_text(one.ts)}});
  }
  return out;
}

}  // namespace hub::projection
