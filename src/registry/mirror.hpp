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

class Mirror {
 public:
  // `clock` outlives the mirror. Touches neither disk nor network.
  Mirror(std::filesystem::path directory, std::string url, const Clock& clock);

  // Asks the registry and reads the new catalogue. On an error the last good one stays:
  // registry_unreachable, remote_denied, registry_empty (no main yet), catalog_* and json_*.
  Result<SharedCatalog> fetch(const git::NetworkOptions& = {});

  // The last good catalogue, with no network; its fetched_at tells the age. not_found with reason
  // catalog_never_fetched.
  Result<SharedCatalog> read_catalog();
  Result<SharedCatalog> read_catalog(const std::string& commit);
  Result<std::string> read_catalog_bytes(const std::string& commit);

  // The published files, by the rules of tree.hpp for paths, links and sizes. not_found with reason
  // artifact_not_published; cancelled.
  Result<git::Exported> export_artifact(const ArtifactExport&);

  const std::string& url() const { return url_; }  // may hold credentials; for people: display_url
  std::string display_url() const;

 private:
  Result<SharedCatalog> fetch_and_load(const git::NetworkOptions&);
  Result<SharedCatalog> load(const git::Repository&, const std::string& commit) const;
  Time fetched_at() const;

  std::filesystem::path directory_;
  std::string url_;
  const Clock& clock_;
  std::mutex fetching_;
  std::mutex cached_mutex_;
  SharedCatalog cached_;  // the last good one
};

}  // namespace hub::registry
