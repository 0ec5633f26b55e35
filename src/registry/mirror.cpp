#include "registry/mirror.hpp"

#include <set>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "git/stale_locks.hpp"
#include "registry/catalog_file.hpp"
#include "registry/catalog_reader.hpp"
#include "registry/manifest.hpp"
#include "registry/normalise.hpp"
#include "registry/tree.hpp"

namespace hub::registry {
namespace {

constexpr std::string_view good_catalog = "refs/hub/catalog";
constexpr const char* fetched_at_file = "hub-fetched-at";
constexpr int fetch_turn_ms_max = 120'000;

tl::unexpected<Error> never_fetched(const std::string& url) {
  return fail(ErrorCode::not_found,
              "cannot read the catalogue of " + url + ": it was never fetched",
              "catalog_never_fetched", "check the address of the registry and the network");
}

}  // namespace

Mirror::Mirror(fs::path directory, std::string url, const Clock& clock)
    : directory_(std::move(directory)), url_(std::move(url)), clock_(clock) {}

std::string Mirror::display_url() const {
  const auto url = git::parse_remote_url(url_);
  return url ? url->display : url_;
}

Result<SharedCatalog> Mirror::fetch(const git::NetworkOptions& options) {
  const std::lock_guard turn(fetching_);
  HUB_CHECK(make_directories(fs::absolute(directory_).parent_path()));
  HUB_TRY(process_turn, FileLock::take(directory_.string() + ".lock", fetch_turn_ms_max));
  git::remove_stale_locks(directory_);  // of one that was killed while it had the turn
  auto fetched = fetch_and_load(options);
  const bool spoiled = !fetched && (fetched.error().reason == "git_failed" ||
                                    fetched.error().reason == "git_not_found");
  if (!spoiled) return fetched;
  auto fresh = fetch_fresh(options);
  return fresh ? fresh : fetched;
}

Result<bool> Mirror::has_news(const git::NetworkOptions& options) {
  const std::lock_guard turn(fetching_);
  HUB_TRY(mirror, git::RemoteMirror::open(directory_, url_));
  HUB_TRY(tip, mirror.ask_tip(options));
  if (tip.empty() || !known_at(tip)) return true;
  HUB_CHECK(write_file_atomic(directory_ / fetched_at_file, to_text(clock_.now())));
  return false;
}

Result<SharedCatalog> Mirror::fetch_anew(const git::NetworkOptions& options) {
  const std::lock_guard turn(fetching_);
  HUB_CHECK(make_directories(fs::absolute(directory_).parent_path()));
  HUB_TRY(process_turn, FileLock::take(directory_.string() + ".lock", fetch_turn_ms_max));
  return fetch_fresh(options);
}

Result<SharedCatalog> Mirror::fetch_fresh(const git::NetworkOptions& options) {
  const fs::path fresh = directory_.string() + ".new";
  HUB_CHECK(remove_tree(fresh));
  {
    HUB_TRY(mirror, git::RemoteMirror::open(fresh, url_));
    HUB_TRY(tip, mirror.fetch(options));
    if (!tip.empty()) HUB_CHECK(mirror.repository().set_reference(good_catalog, tip));
  }
  HUB_CHECK(remove_tree(directory_));
  HUB_CHECK(rename_durable(fresh, directory_));
  return fetch_and_load(options);
}

Result<SharedCatalog> Mirror::fetch_and_load(const git::NetworkOptions& options) {
  HUB_TRY(mirror, git::RemoteMirror::open(directory_, url_));
  HUB_TRY(tip, mirror.fetch(options));
  if (tip.empty()) {
    return fail(ErrorCode::not_found,
                "cannot read the catalogue of " + display_url() + ": it has no branch main",
                "registry_empty", "make one with: adaos-hub registry init <directory>");
  }
  if (auto same = known_at(tip)) {
    const auto noted = mirror.repository().reference(good_catalog);
    if (!noted || *noted != tip) HUB_CHECK(mirror.repository().set_reference(good_catalog, tip));
    HUB_CHECK(write_file_atomic(directory_ / fetched_at_file, to_text(clock_.now())));
    return same;
  }
  HUB_TRY(catalog, load(mirror.repository(), tip));
  HUB_CHECK(write_file_atomic(directory_ / fetched_at_file, to_text(clock_.now())));
  HUB_CHECK(mirror.repository().set_reference(good_catalog, tip));
  Catalog dated = *catalog;
  dated.fetched_at = fetched_at();
  auto shared = std::make_shared<const Catalog>(std::move(dated));
  const std::lock_guard lock(cached_mutex_);
  cached_ = shared;
  return shared;
}

SharedCatalog Mirror::known_at(const std::string& commit) {
  const std::lock_guard lock(cached_mutex_);
  return cached_ && cached_->commit == commit ? cached_ : nullptr;
}

Result<SharedCatalog> Mirror::read_catalog() {
  {
    const std::lock_guard lock(cached_mutex_);
    if (cached_) return cached_;
  }
  std::error_code ec;
  if (!fs::exists(directory_ / "HEAD", ec)) return never_fetched(display_url());
  HUB_TRY(mirror, git::RemoteMirror::open(directory_, url_));
  const auto commit = mirror.repository().reference(good_catalog);
  if (!commit && commit.error().reason == "no_reference") return never_fetched(display_url());
  if (!commit) return tl::unexpected(commit.error());
  HUB_TRY(catalog, load(mirror.repository(), *commit));
  const std::lock_guard lock(cached_mutex_);
  if (!cached_) cached_ = catalog;  // a fetch may have been faster
  return cached_;
}

Result<SharedCatalog> Mirror::read_catalog(const std::string& commit) {
  if (auto known = known_at(commit)) return known;
  HUB_TRY(repository, git::Repository::open(directory_));
  return load(repository, commit);
}

Result<std::string> Mirror::read_catalog_bytes(const std::string& commit) {
  HUB_TRY(repository, git::Repository::open(directory_));
  return repository.read_file(commit, "registry.json", catalog_bytes_max);
}

Result<std::string> Mirror::read_artifact_file(const std::string& commit, ArtifactKind kind,
                                               const std::string& name, const std::string& file,
                                               std::int64_t bytes_max) {
  HUB_TRY(repository, git::Repository::open(directory_));
  return repository.read_file(commit, directory_of(kind) + "/" + name + "/" + file, bytes_max);
}

Result<PublishedHistory> Mirror::versions(const std::string& commit, ArtifactKind kind,
                                          const std::string& name,
                                          const std::function<bool()>& stop) {
  HUB_TRY(repository, git::Repository::open(directory_));
  const std::string path = directory_of(kind) + "/" + name;
  HUB_TRY(history, repository.history(commit, path, {.stop = stop}));
  PublishedHistory published;
  published.whole = history.whole == git::PathHistory::Whole::yes;
  std::set<std::string> seen;
  for (const auto& change : history.changes) {
    const std::string file = path + "/" + manifest_file_of(kind);
    const auto bytes = repository.read_file(change.commit, file, manifest_bytes_max);
    if (!bytes) continue;  // it was removed by this one, or is no artifact
    const auto manifest = parse_manifest(kind, *bytes, file);
    const std::string version = manifest ? manifest->version : std::string();
    if (version.empty() || !seen.insert(version).second) continue;
    published.versions.push_back({version, change.commit, change.time, change.subject});
  }
  return published;
}

Result<SharedCatalog> Mirror::load(const git::Repository& repository,
                                   const std::string& commit) const {
  auto bytes = repository.read_file(commit, "registry.json", catalog_bytes_max);
  if (!bytes && bytes.error().reason == "no_path") {
    return fail(ErrorCode::not_found,
                "cannot read the catalogue of " + display_url() + ": it has no registry.json",
                "catalog_missing", "push a skill to it, or give the address of a registry");
  }
  if (!bytes) return tl::unexpected(bytes.error());
  HUB_TRY(catalog, registry::read_catalog(
                       *bytes, {commit, "sha256:" + to_hex(sha256(*bytes)), fetched_at()}));
  return std::make_shared<const Catalog>(std::move(catalog));
}

Time Mirror::fetched_at() const {
  const auto text = read_file(directory_ / fetched_at_file);
  const auto time = text ? parse_time(*text) : Result<Time>(Time{});
  return time ? *time : Time{};
}

Result<git::Exported> Mirror::export_artifact(const ArtifactExport& request) {
  HUB_TRY(repository, git::Repository::open(directory_));
  const std::string path = directory_of(request.kind) + "/" + request.name;
  auto listed = is_name(request.name) ? repository.list(request.commit, path)
                                      : Result<std::vector<git::TreeFile>>(fail(
                                            ErrorCode::not_found, "no usable name", "no_path"));
  if (!listed && listed.error().reason == "no_path") {
    return fail(
        ErrorCode::not_found,
        "cannot take " + path + " from the registry: it has no files at commit " + request.commit,
        "artifact_not_published", "the registry's owner must push it again");
  }
  if (!listed) return tl::unexpected(listed.error());
  std::vector<ArtifactFile> files;
  for (const auto& file : *listed) {
    HUB_CHECK(check_path(file.path));
    files.push_back({file.path, file.mode, file.size_bytes, {}});
  }
  HUB_CHECK(check_together(files));
  return repository.export_subtree({.commit = request.commit,
                                    .path = path,
                                    .destination = request.destination,
                                    .progress = request.progress,
                                    .stop = request.stop});
}

}  // namespace hub::registry
