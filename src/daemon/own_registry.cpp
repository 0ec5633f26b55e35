#include "daemon/own_registry.hpp"

#include <algorithm>
#include <vector>

#include "base/log.hpp"
#include "registry/init_registry.hpp"
#include "registry/push.hpp"

namespace hub::daemon {
namespace {

std::vector<fs::path> artifacts_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(folder, ec)) {
    if (entry.is_directory()) found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

// A sample that cannot be published is logged and left out: the hub works without it.
void publish(ArtifactKind kind, const fs::path& sample, const fs::path& registry,
             const fs::path& cache, const Clock& clock) {
  registry::PushRequest request;
  request.kind = kind;
  request.source = sample;
  request.registry_url = registry.string();
  request.cache_directory = cache;
  const auto pushed = registry::push(request, clock);
  if (!pushed) {
    log::warning("daemon", "sample_not_published",
                 {{"sample", sample.filename().string()}, {"error", pushed.error().message}});
  }
}

}  // namespace

Result<fs::path> ensure_own_registry(const fs::path& base_directory, const fs::path& samples,
                                     const Clock& clock) {
  fs::path registry = base_directory / "registry";
  const fs::path filled = base_directory / "state" / "samples_published";
  std::error_code ec;
  if (!fs::exists(registry, ec)) HUB_CHECK(registry::init_registry(registry, clock));
  if (fs::exists(filled, ec)) return registry;
  if (!fs::is_directory(samples, ec)) {
    // Not marked as done: they are published once they are there.
    log::warning("daemon", "no_samples",
                 {{"folder", samples.string()},
                  {"hint",
                   "the hub's own registry has nothing in it; reinstall the hub to have its "
                   "samples beside the program, or publish your own"}});
    return registry;
  }
  log::info("daemon", "publishing_samples", {{"from", samples.string()}});
  const fs::path cache = base_directory / "state" / "push";
  for (const auto kind : {ArtifactKind::skill, ArtifactKind::scenario}) {
    for (const auto& sample : artifacts_in(samples / directory_of(kind))) {
      publish(kind, sample, registry, cache, clock);
    }
  }
  HUB_CHECK(write_file_atomic(filled, to_text(clock.now()) + "\n"));
  return registry;
}

}  // namespace hub::daemon
