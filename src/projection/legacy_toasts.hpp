#pragma once
// data.desktop.toasts: notifications in the shape that AdaOS clients of before
// runtime.notifications read (contracts.md §7). This file is all there is to remove when they are
// gone.
//
//   [{"level": "success"|"danger", "message", "code": <operation id>, "source": "operations",
//   "ts"}]

#include <vector>

#include "contracts/operation_notification.hpp"

namespace hub::projection {

inline constexpr std::size_t kToastsMax = 20;

// The newest of them, oldest first.
boost::json::array legacy_toasts(const std::vector<OperationNotification>& oldest_first);

}  // namespace hub::projection
