#pragma once
// HostCache: the mirror of one registry that the commands of one user look at it through, held for
// one command. Not the mirror that pushes write into: who looks never waits for who publishes.

#include <chrono>
#include <filesystem>
#include <string>

#include "base/files.hpp"
#include "base/result.hpp"
#include "git/remote_mirror.hpp"

namespace hub::registry {

struct HostCache {
  FileLock lock;
  git::RemoteMirror mirror;

  // unavailable with reason registry_busy when another command does not finish in time.
  static Result<HostCache> open(const std::filesystem::path& cache_directory,
                                const std::string& registry_url,
                                std::chrono::milliseconds wait_max);

  // Asks the registry. The tip of main; not_found with reason registry_empty when it has none.
  Result<std::string> fetch();
};

}  // namespace hub::registry
