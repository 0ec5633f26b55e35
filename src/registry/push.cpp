#include "registry/push.hpp"

#include <algorithm>
#include <optional>
#include <random>
#include <thread>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/log.hpp"
#include "git/remote_mirror.hpp"
#include "registry/catalog_file.hpp"
#include "registry/manifest.hpp"
#include "registry/normalise.hpp"
#include "registry/semver.hpp"
#include "registry/tree.hpp"

namespace hub::registry {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// What the author wants to publish, read once.
struct Candidate {
  std::string name;
  Manifest manifest;
  ArtifactTree tree;
};

fs::path clean_source(const fs::path& source) {
  std::error_code ec;
  const fs::path real = fs::canonical(source, ec);
  return ec ? fs::absolute(source).lexically_normal() : real;
}

Result<Candidate> read_candidate(const PushRequest& request) {
  const fs::path source = clean_source(request.source);
  std::error_code ec;
  if (!fs::is_directory(source, ec)) {
    return fail(ErrorCode::not_found, "cannot publish " + source.string() + ": no such directory",
                "artifact_missing", "give the directory of the " + to_text(request.kind));
  }
  Candidate candidate;
  candidate.name = source.filename().string();
  HUB_CHECK(check_name(candidate.name));
  HUB_TRY(manifest, read_manifest(request.kind, source));
  if (!parse_semver(manifest.version)) {
    return fail(
        ErrorCode::invalid,
        "cannot publish " + candidate.name + ": " +
            (manifest.version.empty() ? "the manifest has no version"
                                      : "version \"" + manifest.version + "\" is not semver"),
        "version_invalid", "write a version like 1.0.0 into the manifest, in quotes",
        {{"file", (source / manifest_file_of(request.kind)).string()},
         {"observed", manifest.version}});
  }
  HUB_TRY(tree, read_tree(source, manifest.secret_fixtures));
  candidate.manifest = std::move(manifest);
  candidate.tree = std::move(tree);
  return candidate;
}

// What may follow what. `published_tree` is empty when nothing is known of the published bytes.
Result<> check_version(const Candidate& candidate, const std::string& published_version,
                       const std::string& published_tree) {
  const std::string& version = candidate.manifest.version;
  if (candidate.tree.digest == published_tree) return {};
  const auto order = compare_versions(version, published_version);
  boost::json::object details{{"name", candidate.name},
                              {"version", version},
                              {"published_version", published_version},
                              {"published_tree", published_tree}};
  if (order == std::partial_ordering::less) {
    return fail(ErrorCode::conflict,
                "cannot publish " + candidate.name + " " + version + ": the registry has " +
                    published_version,
                "version_not_newer", "raise the version above " + published_version,
                std::move(details));
  }
  if (order == std::partial_ordering::equivalent && !published_tree.empty()) {
    return fail(ErrorCode::conflict,
                "cannot publish " + candidate.name + " " + version +
                    ": the registry has this version with other content",
                "version_content_changed", "raise the version in the manifest", std::move(details));
  }
  return {};
}

class Publisher {
 public:
  Publisher(const PushRequest& request, const Candidate& candidate, git::RemoteMirror& mirror,
            Time now, steady_clock::time_point deadline)
      : request_(request), candidate_(candidate), mirror_(mirror), now_(now), deadline_(deadline) {
    report_.kind = request.kind;
    report_.name = candidate.name;
    report_.version = candidate.manifest.version;
    report_.tree = candidate.tree.digest;
  }

  Result<PushReport> publish() {
    for (report_.attempts = 1; report_.attempts <= request_.attempts_max; ++report_.attempts) {
      HUB_CHECK(check_time());
      HUB_TRY(done, attempt());
      if (done) return report_;
      std::this_thread::sleep_for(jitter());
    }
    return busy("no luck in " + std::to_string(request_.attempts_max) + " attempts");
  }

 private:
  // True when there is nothing more to do; false when the race was lost or its end is unknown.
  Result<bool> attempt() {
    HUB_TRY(tip, fetch());
    HUB_TRY(landed_before, is_landed(tip));
    if (landed_before) return true;
    HUB_TRY(file, catalog_at(tip));
    HUB_TRY(entry, entry_for(file, tip));
    file.upsert(request_.kind, entry);
    report_.entry = to_value(*file.entry(request_.kind, candidate_.name));
    if (request_.mode == PushMode::dry_run) {
      report_.status = PushStatus::dry_run;
      return true;
    }
    HUB_TRY(commit, make_commit(tip, file.bytes()));
    if (!commit) {
      report_.status = PushStatus::already_published;
      report_.commit = tip;
      return true;
    }
    report_.commit = *commit;
    const auto outcome = mirror_.push(*commit, tip, network());
    switch (outcome.status) {
      case git::PushStatus::landed: return confirm();
      case git::PushStatus::lost_race: report_.commit.clear(); return false;
      case git::PushStatus::unknown: return false;
      case git::PushStatus::refused: break;
    }
    return tl::unexpected(outcome.error);
  }

  Result<std::string> fetch() {
    auto tip = mirror_.fetch(network());
    if (!tip && !report_.commit.empty()) {
      tip.error().hint = "the last attempt may have landed; push again to know";
    }
    return tip;
  }

  // After a push whose end nobody saw: is it there?
  Result<bool> is_landed(const std::string& tip) {
    if (report_.commit.empty() || tip.empty()) return false;
    HUB_TRY(there, mirror_.repository().reaches(tip, report_.commit));
    return there;
  }

  // A server that says yes and keeps nothing would be found here.
  Result<bool> confirm() {
    report_.status = PushStatus::published;
    const auto tip = mirror_.fetch(network());
    if (!tip) {
      report_.warnings.push_back("published, but not seen again: " + tip.error().message);
      return true;
    }
    HUB_TRY(there, is_landed(*tip));
    if (there) return true;
    return fail(ErrorCode::unavailable,
                "cannot publish " + candidate_.name + ": the registry took the commit and lost it",
                "push_not_visible", "tell the owner of the registry");
  }

  Result<CatalogFile> catalog_at(const std::string& tip) {
    if (tip.empty()) return start_catalog("the registry had no branch main");
    auto bytes = mirror_.repository().read_file(tip, "registry.json", catalog_bytes_max);
    if (!bytes && bytes.error().reason == "no_path") {
      return start_catalog("the registry had no registry.json");
    }
    if (!bytes) return tl::unexpected(bytes.error());
    if (bytes->empty()) return start_catalog("registry.json was empty");
    return CatalogFile::parse(std::move(*bytes));
  }

  CatalogFile start_catalog(const std::string& warning) {
    if (std::ranges::find(report_.warnings, warning) == report_.warnings.end()) {
      report_.warnings.push_back(warning);
    }
    return CatalogFile::empty("");
  }

  Result<JsonNode> entry_for(const CatalogFile& file, const std::string& tip) {
    std::string updated_at = to_seconds_text(now_);
    if (const auto previous = file.entry(request_.kind, candidate_.name)) {
      const std::string* version = previous->find_string("version");
      HUB_TRY(tree, published_tree(*previous, tip));
      HUB_CHECK(check_version(candidate_, version ? *version : "", tree));
      const std::string* before = previous->find_string("updated_at");
      if (before && tree == candidate_.tree.digest) updated_at = *before;
    }
    JsonNode entry = normalise(candidate_.name, candidate_.manifest, candidate_.tree, updated_at);
    const std::string& id = *entry.find_string("id");
    if (!is_name(id)) {
      return fail(ErrorCode::invalid,
                  "cannot publish " + candidate_.name + ": the id \"" + id + "\" is not usable",
                  "id_invalid", "want letters, digits, _ . -", {{"id", id}});
    }
    HUB_CHECK(file.check_aliases(request_.kind, candidate_.name, id));
    return entry;
  }

  // An entry of an older writer has no digest: then it is taken from the published files.
  Result<std::string> published_tree(const JsonNode& previous, const std::string& tip) {
    const JsonNode* integrity = previous.find("integrity");
    const std::string* tree = integrity ? integrity->find_string("tree") : nullptr;
    if (tree) return *tree;
    const auto published = read_published_tree(mirror_.repository(), tip,
                                               directory_of(request_.kind) + "/" + candidate_.name);
    return published ? published->digest : std::string();
  }

  Result<std::optional<std::string>> make_commit(const std::string& tip, std::string registry) {
    if (files_.empty()) HUB_CHECK(write_files());
    const std::string artifact =
        to_text(request_.kind) + " " + candidate_.name + " " + candidate_.manifest.version;
    const std::string subject = request_.message.empty() ? "publish " + artifact : request_.message;
    auto& repository = mirror_.repository();
    return repository.commit(
        {.parent = tip,
         .subtrees = {{directory_of(request_.kind) + "/" + candidate_.name, files_}},
         .blobs = {{"registry.json", std::move(registry)}},
         .author = repository.configured_author({"adaos-hub", "adaos-hub@localhost", now_}),
         .message = subject + "\n\nArtifact: " + to_text(request_.kind) + ":" + candidate_.name +
                    "@" + candidate_.manifest.version + "\nTree: " + candidate_.tree.digest +
                    "\n"});
  }

  // The bytes that go out are those that were digested, or none do.
  Result<> write_files() {
    const fs::path source = clean_source(request_.source);
    for (const auto& file : candidate_.tree.files) {
      HUB_TRY(bytes, read_file(source / file.path));
      if (sha256(bytes) != file.content) {
        return fail(ErrorCode::conflict,
                    "cannot publish " + file.path + ": it changed while it was read",
                    "source_changed", "push again when nothing writes to the directory");
      }
      HUB_TRY(blob, mirror_.repository().write_blob(bytes));
      files_.push_back({file.path, file.mode, blob, file.size_bytes});
    }
    return {};
  }

  Result<> check_time() const {
    if (request_.stop && request_.stop()) {
      return fail(ErrorCode::cancelled, "cannot publish " + candidate_.name + ": stopped",
                  "stopped");
    }
    if (steady_clock::now() >= deadline_) return busy("out of time");
    return {};
  }

  tl::unexpected<Error> busy(const std::string& why) const {
    return fail(ErrorCode::unavailable,
                "cannot publish " + candidate_.name + " to " + mirror_.url().display + ": " + why,
                "registry_busy", "many publish at once; push again");
  }

  git::NetworkOptions network() const {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline_ - steady_clock::now());
    return {std::max(left, milliseconds(1)), request_.stop};
  }

  milliseconds jitter() {
    constexpr int step_ms = 25, doublings_max = 6, wait_ms_max = 2000;
    const int most = std::min(wait_ms_max, step_ms << std::min(report_.attempts, doublings_max));
    return milliseconds(std::uniform_int_distribution<int>(0, most)(random_));
  }

  const PushRequest& request_;
  const Candidate& candidate_;
  git::RemoteMirror& mirror_;
  const Time now_;
  const steady_clock::time_point deadline_;
  PushReport report_;
  std::vector<git::TreeFile> files_;
  std::minstd_rand random_{std::random_device{}()};
};

// Publishers of one host to one registry take turns: cheaper than racing each other.
Result<FileLock> take_turn(const PushRequest& request, const fs::path& path,
                           steady_clock::time_point deadline) {
  constexpr int slice_ms = 100;
  for (;;) {
    auto turn = FileLock::take(path, slice_ms);
    if (turn) return turn;
    if (request.stop && request.stop()) {
      return fail(ErrorCode::cancelled, "cannot publish: stopped", "stopped");
    }
    if (steady_clock::now() >= deadline) {
      return fail(ErrorCode::unavailable,
                  "cannot publish: other publishers on this machine are not done", "registry_busy",
                  "push again", {{"lock", path.string()}});
    }
  }
}

Result<PushReport> publish_through(const fs::path& cache, const PushRequest& request,
                                   const Candidate& candidate, Time now,
                                   steady_clock::time_point deadline) {
  HUB_TRY(mirror, git::RemoteMirror::open(cache, request.registry_url));
  Publisher publisher(request, candidate, mirror, now, deadline);
  return publisher.publish();
}

// The mirror cannot be read: a power cut may do that to a cache.
bool is_spoiled(const Error& error) {
  return error.reason == "git_failed" || error.reason == "git_not_found";
}

}  // namespace

Result<PushReport> push(const PushRequest& request, const Clock& clock) {
  HUB_TRY(candidate, read_candidate(request));
  HUB_TRY(url, git::parse_remote_url(request.registry_url));
  const auto deadline = steady_clock::now() + request.time_max;
  HUB_CHECK(make_directories(fs::absolute(request.cache_directory)));
  constexpr std::size_t key_chars = 16;
  const std::string key = to_hex(sha256(url.text)).substr(0, key_chars);
  HUB_TRY(turn, take_turn(request, request.cache_directory / (key + ".lock"), deadline));
  const fs::path cache = request.cache_directory / (key + ".git");
  auto published = publish_through(cache, request, candidate, clock.now(), deadline);
  if (!published && is_spoiled(published.error())) {
    log::warning("registry", "cache_spoiled", {{"cause", published.error().message}});
    HUB_CHECK(remove_tree(cache));
    published = publish_through(cache, request, candidate, clock.now(), deadline);
  }
  if (!published) return published;
  const PushReport& report = *published;
  log::info("registry", "pushed",
            {{"status", to_json(report.status)},
             {"kind", to_text(report.kind)},
             {"name", report.name},
             {"version", report.version},
             {"registry", url.display},
             {"commit", report.commit},
             {"attempts", report.attempts}});
  return published;
}

}  // namespace hub::registry
