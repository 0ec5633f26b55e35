#pragma once
// A new, empty registry: a bare git repository with registry.json as its first commit on main.

#include <filesystem>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

namespace hub::registry {

// The first commit. conflict with reason registry_exists when the directory is not empty. All or
// nothing: made beside, then renamed.
Result<std::string> init_registry(const std::filesystem::path& directory, const Clock&);

}  // namespace hub::registry
