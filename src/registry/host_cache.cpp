#include "registry/host_cache.hpp"

#include "base/hash.hpp"

namespace hub::registry {

Result<HostCache> HostCache::open(const fs::path& cache_directory, const std::string& registry_url,
                                  std::chrono::milliseconds wait_max) {
  HUB_TRY(url, git::parse_remote_url(registry_url));
  HUB_CHECK(make_directories(fs::absolute(cache_directory)));
  constexpr std::size_t key_chars = 16;
  const std::string key = to_hex(sha256(url.text)).substr(0, key_chars);
  const fs::path place = cache_directory / (key + ".looks.lock");
  auto lock = FileLock::take(place, static_cast<int>(wait_max.count()));
  if (!lock) {
    return fail(ErrorCode::unavailable,
                "cannot read " + url.display + ": another command on this machine is reading it",
                "registry_busy", "try again", {{"lock", place.string()}});
  }
  const fs::path directory = cache_directory / (key + ".looks.git");
  auto mirror = git::RemoteMirror::open(directory, registry_url);
  if (!mirror && mirror.error().reason == "git_failed") {  // a cache that a power cut spoiled
    HUB_CHECK(remove_tree(directory));
    mirror = git::RemoteMirror::open(directory, registry_url);
  }
  if (!mirror) return tl::unexpected(mirror.error());
  return HostCache{std::move(*lock), std::move(*mirror)};
}

Result<std::string> HostCache::fetch() {
  HUB_TRY(tip, mirror.fetch());
  if (!tip.empty()) return tip;
  return fail(ErrorCode::not_found,
              "cannot read the registry " + mirror.url().display + ": it has no branch main",
              "registry_empty", "make one with: adaos-hub registry init <directory>");
}

}  // namespace hub::registry
