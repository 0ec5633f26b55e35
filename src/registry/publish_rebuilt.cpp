#include "registry/publish_rebuilt.hpp"

namespace hub::registry {
namespace {

// Nothing: the race was lost, or nobody knows.
Result<std::optional<PublishedRebuild>> attempt(HostCache& cache, const std::string& tip,
                                                const Clock& clock) {
  auto& repository = cache.mirror.repository();
  HUB_TRY(rebuilt, rebuild_catalog(repository, tip));
  PublishedRebuild done{std::move(rebuilt), tip, false};
  if (done.rebuilt.differences.empty()) return std::optional(std::move(done));
  HUB_TRY(commit, repository.commit({.parent = tip,
                                     .blobs = {{"registry.json", done.rebuilt.bytes}},
                                     .author = repository.configured_author(
                                         {"adaos-hub", "adaos-hub@localhost", clock.now()}),
                                     .message = "rebuild registry.json\n"}));
  if (!commit) return std::optional(std::move(done));
  const auto outcome = cache.mirror.push(*commit, tip);
  switch (outcome.status) {
    case git::PushStatus::landed: break;
    case git::PushStatus::lost_race:
    case git::PushStatus::unknown: return std::optional<PublishedRebuild>{};
    case git::PushStatus::refused: return tl::unexpected(outcome.error);
  }
  done.commit = *commit;
  done.changed = true;
  return std::optional(std::move(done));
}

}  // namespace

Result<PublishedRebuild> publish_rebuilt(HostCache& cache, const Clock& clock) {
  constexpr int attempts_max = 10;
  for (int count = 0; count < attempts_max; ++count) {
    HUB_TRY(tip, cache.fetch());
    HUB_TRY(done, attempt(cache, tip, clock));
    if (done) return std::move(*done);
  }
  return fail(ErrorCode::unavailable,
              "cannot rebuild " + cache.mirror.url().display + ": others publish all the time",
              "registry_busy", "try again");
}

}  // namespace hub::registry
