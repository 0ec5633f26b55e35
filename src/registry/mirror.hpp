#pragma once
// Mirror: a hub's view of one registry. A bare mirror on disk, fetched when asked, read at any
// commit it holds. The registry owns the truth; what was fetched last and was good stays readable
// offline and over restarts: `fetch` moves `refs/hub/catalog` only to a commit whose registry.json
// can be read.
//
// Threads: all functions may be called from any thread. Fetches take turns (a mutex here, a file
// lock between processes); readers never wait for a fetch.

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "contracts/catalog_entry.hpp"
#include "git/remote_mirror.hpp"

namespace hub::registry {

// Shared because many requests read one catalogue while a newer one takes its place.
using SharedCatalog = std::shared_ptr<const Catalog>;

struct ArtifactExport {
  std::string commit;
  ArtifactKind kind = ArtifactKind::skill;
  std::string name;                   // install name
  std::filesystem::path destination;  // made here; must be absent or empty
  std::function<void(std::int64_t done_bytes, std::int64_t total_bytes)> progress = {};
  std::function<bool()> stop = {};
};

// A version as it was published.
struct PublishedVersion {
  std::string version;  // as its manifest has it
  std::string commit;
  Time published_at{};  // the commit's
  std::string subject;  // first line of the commit's message
};

struct PublishedHistory {
  std::vector<PublishedVersion> versions;  // newest first, each once
  bool whole = true;                       // false: there are older ones that were not looked for
};

class Mirror {
 public:
  // `clock` outlives the mirror. Touches neither disk nor network.
  Mirror(std::filesystem::path directory, std::string url, const Clock& clock);

  // Asks the registry and reads the new catalogue; when the tip is the one that was read before,
  // nothing is read and the same catalogue comes back, with the fetched_at it had. On an error the
  // last good one stays: registry_unreachable, remote_denied, registry_empty (no main yet),
  // catalog_* and json_*.
  Result<SharedCatalog> fetch(const git::NetworkOptions& = {});

  // Whether fetch() would find another commit than the last good catalogue's: one question to the
  // registry, nothing is fetched. When there is nothing new, fetched_at is now.
  Result<bool> has_news(const git::NetworkOptions& = {});

  // fetch() into an empty mirror, which then takes the place of this one: for one that lacks
  // objects it should have. On an error this one stays.
  Result<SharedCatalog> fetch_anew(const git::NetworkOptions& = {});

  // The last good catalogue, with no network. not_found with reason catalog_never_fetched.
  Result<SharedCatalog> read_catalog();
  Result<SharedCatalog> read_catalog(const std::string& commit);
  Result<std::string> read_catalog_bytes(const std::string& commit);

  // One file of an artifact, as published at a commit. not_found with reason no_path.
  Result<std::string> read_artifact_file(const std::string& commit, ArtifactKind,
                                         const std::string& name, const std::string& file,
                                         std::int64_t bytes_max);
  // The versions of an artifact up to a commit, by the commits that changed its files. Looks back
  // for as long as `stop` does not say so.
  Result<PublishedHistory> versions(const std::string& commit, ArtifactKind,
                                    const std::string& name,
                                    const std::function<bool()>& stop = {});

  // The published files, by the rules of tree.hpp for paths, links and sizes. not_found with reason
  // artifact_not_published; cancelled.
  Result<git::Exported> export_artifact(const ArtifactExport&);

  const std::string& url() const { return url_; }  // may hold credentials; for people: display_url
  std::string display_url() const;

  // When the registry last answered, also before a restart; the epoch when it never did.
  Time fetched_at() const;

 private:
  Result<SharedCatalog> fetch_fresh(const git::NetworkOptions&);
  Result<SharedCatalog> fetch_and_load(const git::NetworkOptions&);
  Result<SharedCatalog> load(const git::Repository&, const std::string& commit) const;
  SharedCatalog known_at(const std::string& commit);  // null: it is of another one

  std::filesystem::path directory_;
  std::string url_;
  const Clock& clock_;
  std::mutex fetching_;
  std::mutex cached_mutex_;
  SharedCatalog cached_;  // the last good one
};

}  // namespace hub::registry
