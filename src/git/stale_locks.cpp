#include "git/stale_locks.hpp"

#include <string>
#include <vector>

#include "base/log.hpp"

namespace hub::git {
namespace {

namespace fs = std::filesystem;

void remove_lock(const fs::path& path) {
  std::error_code ec;
  if (fs::remove(path, ec)) log::warning("git", "stale_lock_removed", {{"path", path.string()}});
}

}  // namespace

void remove_stale_locks(const fs::path& repository) {
  for (const char* name : {"HEAD.lock", "config.lock", "packed-refs.lock", "shallow.lock"}) {
    remove_lock(repository / name);
  }
  std::error_code ec;
  std::vector<fs::path> locks;
  for (auto at = fs::recursive_directory_iterator(repository / "refs", ec);
       !ec && at != fs::recursive_directory_iterator(); at.increment(ec)) {
    if (at->path().extension() == ".lock") locks.push_back(at->path());
  }
  for (const auto& path : locks) remove_lock(path);
}

void remove_abandoned_lock(const fs::path& repository) {
  const fs::path path = repository / "refs" / "heads" / "main.lock";
  std::error_code ec;
  const auto made = fs::last_write_time(path, ec);
  if (!ec && made < fs::file_time_type::clock::now() - abandoned_after) remove_lock(path);
}

}  // namespace hub::git
