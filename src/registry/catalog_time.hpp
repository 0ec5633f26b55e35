#pragma once
// updated_at as catalogues have it. Inner header of this room. Pure.

#include <optional>
#include <string>

#include "base/time.hpp"

namespace hub::registry {

// "2026-01-02T03:04:05", then a fraction if any, then Z or an offset; nothing when it is not that.
std::optional<Time> read_time(const std::string& text);

// The later of the two, to the second. What is no time never wins over what is there.
std::string later_time(const std::optional<std::string>& previous, const std::string& candidate);

}  // namespace hub::registry
