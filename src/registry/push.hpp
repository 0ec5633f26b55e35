#pragma once
// Publish an artifact: one path for skills and scenarios, for the command line and for the hub.
//
//   read tree and manifest, validate, digest
//   take the host's turn (file lock in the cache directory)
//   loop: fetch tip -> merge entry into registry.json -> tree equal? already_published
//         -> commit on the tip -> push as compare-and-swap -> lost race? once more, with jitter
//
// Never a merge, a rebase, or a change to the author's directory. Nothing is published unless the
// push lands. Blocking, for worker threads and the command line; any number at once.

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "contracts/artifact.hpp"

namespace hub::registry {

enum class PushMode { publish, dry_run };

struct PushRequest {
  ArtifactKind kind = ArtifactKind::skill;
  std::filesystem::path source;           // its last component is the install name
  std::string registry_url;               // path, file, http(s), ssh, git, host:path
  std::filesystem::path cache_directory;  // mirrors and turns; shared by all publishers of a host
  std::string message = {};               // subject of the commit; empty: "publish skill x 1.0.0"
  PushMode mode = PushMode::publish;
  int attempts_max = 40;
  std::chrono::milliseconds time_max{60'000};  // for all attempts, waiting for the turn included
  std::function<bool()> stop = {};
};

enum class PushStatus { published, already_published, dry_run };
BOOST_DESCRIBE_ENUM(PushStatus, published, already_published, dry_run)

struct PushReport {
  PushStatus status = PushStatus::published;
  ArtifactKind kind = ArtifactKind::skill;
  std::string name;
  std::string version;
  std::string tree;    // "sha256:…"
  std::string commit;  // the new one; the tip when already published; empty for a dry run
  int attempts = 0;
  Json entry;  // as it stands in registry.json
  std::vector<std::string> warnings;
};
BOOST_DESCRIBE_STRUCT(PushReport, (),
                      (status, kind, name, version, tree, commit, attempts, entry, warnings))

// Errors: those of manifest.hpp, tree.hpp, catalog_file.hpp, remote_mirror.hpp; invalid with reason
// version_invalid; conflict with version_content_changed, version_not_newer, alias_conflict or
// source_changed; unavailable with registry_busy (no turn or no luck within the limits).
Result<PushReport> push(const PushRequest&, const Clock&);

}  // namespace hub::registry
