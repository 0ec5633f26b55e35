#pragma once
// The registry that a hub makes for itself when it is given none: a bare repository under the base
// directory, with the sample artifacts published into it by the same push that authors use.

#include "base/files.hpp"
#include "base/time.hpp"

namespace hub::daemon {

// Makes and fills what is missing; quick when nothing is. Without a folder of samples the registry
// stays empty, with a warning in the log, until there is one. Answers the registry's path.
Result<fs::path> ensure_own_registry(const fs::path& base_directory, const fs::path& samples,
                                     const Clock&);

}  // namespace hub::daemon
