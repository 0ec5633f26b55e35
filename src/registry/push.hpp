#pragma once
// Publish an artifact: one path for skills and scenarios, for the command line and for the hub.
//
//   read tree and manifest, validate, digest, write the objects into the host's mirror
//   stand in the host's line; whoever has the turn takes along all who stand there
//   loop: fetch tip -> merge entries into registry.json -> nothing changes? already_published
//         -> one commit on the tip -> push as compare-and-swap -> lost race? once more, with jitter
//
// Never a merge, a rebase, or a change to the author's directory, except that a bump writes the new
// version into the manifest once it is published. Nothing is published unless the push lands. A
// process that is killed at any point leaves no half of anything, and pushing again ends well.
// Blocking, for worker threads and the command line; any number at once, of any number of
// processes.

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "contracts/artifact.hpp"
#include "registry/version_bump.hpp"

namespace hub::registry {

enum class PushMode { publish, dry_run };

// Who publishes, as the entry's `publisher` names him. Empty: what the entry has stays.
struct Publisher {
  std::string owner_id, node_id;
};
BOOST_DESCRIBE_STRUCT(Publisher, (), (owner_id, node_id))

struct PushRequest {
  ArtifactKind kind = ArtifactKind::skill;
  std::filesystem::path source;           // its last component is the install name
  std::string registry_url;               // path, file, http(s), ssh, git, host:path
  std::filesystem::path cache_directory;  // mirrors and lines; shared by all publishers of a host
  std::string message = {};               // subject of the commit; empty: "publish skill x 1.0.0"
  Publisher publisher = {};
  // Publish the version after the higher one of the manifest's and the published one, and write it
  // into the manifest afterwards. Content that is published already is not published again: then
  // the manifest is only given the version that it has in the registry.
  Bump bump = Bump::none;
  PushMode mode = PushMode::publish;
  int attempts_max = 40;
  std::chrono::milliseconds time_max{60'000};  // for all attempts, waiting in the line included
  std::function<bool()> stop = {};
  // Called once, before anything can reach the registry. An error ends the push.
  std::function<Result<>()> before_sending = {};
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
  int together = 1;  // artifacts of this host in the same commit
  Json entry;        // as it stands in registry.json
  std::vector<std::string> warnings;
};
BOOST_DESCRIBE_STRUCT(PushReport, (),
                      (status, kind, name, version, tree, commit, attempts, together, entry,
                       warnings))

// Errors: those of push_candidate.hpp, catalog_file.hpp, remote_mirror.hpp; conflict with
// version_content_changed, version_not_newer, alias_conflict or source_changed; invalid with
// version_not_replaceable; unavailable with registry_busy (no turn or no luck within the limits);
// cancelled. details.may_have_landed is true when the push may have arrived all the same.
Result<PushReport> push(const PushRequest&, const Clock&);

}  // namespace hub::registry
