#include "registry/push.hpp"

#include <algorithm>
#include <optional>

#include <sys/stat.h>

#include "base/fault_point.hpp"
#include "base/hash.hpp"
#include "base/log.hpp"
#include "git/stale_locks.hpp"
#include "registry/push_turn.hpp"

namespace hub::registry {
namespace {

using std::chrono::steady_clock;

// The mirror cannot be read: a power cut may do that to a cache.
bool is_spoiled(const Error& error) {
  return error.reason == "git_failed" || error.reason == "git_not_found";
}

class Publishing {
 public:
  Publishing(const PushRequest& request, Candidate candidate, Time now)
      : request_(request),
        candidate_(std::move(candidate)),
        now_(now),
        line_(request.cache_directory, request.registry_url),
        patience_{steady_clock::now() + request.time_max, request.stop} {
    request_.source = candidate_.source;
  }

  Result<PushReport> run() {
    // A bump is made for what is published at its turn, a dry run leaves nothing behind.
    const bool joins = request_.mode == PushMode::publish && request_.bump == Bump::none;
    if (joins) {
      auto prepared = prepare();
      if (!prepared && !is_spoiled(prepared.error())) return tl::unexpected(prepared.error());
      if (prepared) {
        fault_point("push.prepared");
        return join();
      }
    }
    if (request_.before_sending) HUB_CHECK(request_.before_sending());
    HUB_TRY(reached, line_.wait(nullptr, patience_));
    return lead(random_hex(8), Turn::Company::alone);
  }

 private:
  // Writes the files into the host's mirror: anybody may, at any time.
  Result<> prepare() {
    auto repository = git::Repository::open(line_.mirror());
    if (!repository) {
      HUB_TRY(making, line_.lock_mirror());
      HUB_TRY(made, git::RemoteMirror::open(line_.mirror(), request_.registry_url));
      repository = git::Repository::open(line_.mirror());
    }
    if (!repository) return tl::unexpected(repository.error());
    HUB_TRY(tree, write_objects(candidate_, *repository));
    git_tree_ = std::move(tree);
    return {};
  }

  Result<PushReport> join() {
    if (request_.before_sending) HUB_CHECK(request_.before_sending());
    HUB_TRY(ticket, line_.stand(offer_of(candidate_, request_, git_tree_, now_)));
    fault_point("push.standing");
    auto reached = line_.wait(&ticket, patience_);
    if (!reached) {
      if (line_.is_in_flight(ticket.id())) {
        reached.error().details["may_have_landed"] = true;
        reached.error().hint = "it may have been published all the same; push again to know";
      }
      return tl::unexpected(reached.error());
    }
    if (auto* answer = std::get_if<Answer>(&*reached)) return std::move(*answer);
    fault_point("push.turn");
    const bool alone = !line_.stands(ticket.id());
    return lead(ticket.id(), alone ? Turn::Company::alone : Turn::Company::all);
  }

  Result<PushReport> lead(const std::string& id, Turn::Company company) {
    auto published = through_mirror(id, company);
    if (!published && is_spoiled(published.error())) {
      log::warning("registry", "cache_spoiled", {{"cause", published.error().message}});
      {
        HUB_TRY(making, line_.lock_mirror());
        HUB_CHECK(remove_tree(line_.mirror()));
      }
      git_tree_.clear();
      published = through_mirror(id, company);
    }
    if (published && published->status != PushStatus::dry_run) write_version(*published);
    return published;
  }

  Result<PushReport> through_mirror(const std::string& id, Turn::Company company) {
    HUB_TRY(making, line_.lock_mirror());
    git::remove_stale_locks(line_.mirror());  // nobody else is at it: we have the turn
    HUB_TRY(mirror, git::RemoteMirror::open(line_.mirror(), request_.registry_url));
    making_done(std::move(making));
    Turn turn(request_, line_, id, company, mirror, now_, patience_);
    return turn.run(
        [&](const Published& before) { return make_offer(before, mirror.repository()); });
  }
  static void making_done(FileLock made) { static_cast<void>(made); }  // freed here

  Result<Offer> make_offer(const Published& before, git::Repository& repository) {
    if (request_.bump != Bump::none) {
      HUB_TRY(bumped, bumped_for(before));
      git_tree_.clear();
      bumped_ = std::move(bumped);
    }
    const Candidate& candidate = bumped_ ? *bumped_ : candidate_;
    const bool missing = git_tree_.empty() || !repository.has_object(git_tree_);
    if (missing && request_.mode == PushMode::publish) {
      HUB_TRY(tree, write_objects(candidate, repository));
      git_tree_ = std::move(tree);
    }
    return offer_of(candidate, request_, git_tree_, now_);
  }

  // Of the version to publish, or, when this content is published already, of the version it has.
  Result<Candidate> bumped_for(const Published& before) const {
    auto from = parse_semver(candidate_.manifest.version).value();
    if (const auto known = parse_semver(before.version)) {
      HUB_TRY(same, at_version(candidate_, before.version));
      if (same.tree.digest == before.tree) return same;
      if (compare(from, *known) < 0) from = *known;
    }
    return at_version(candidate_, next_version(from, request_.bump));
  }

  // The last word of a bump. A process that is killed before it leaves a manifest whose content is
  // published under another version: the next bump finds that and only writes.
  void write_version(PushReport& report) {
    if (!bumped_ || bumped_->manifest.version != report.version) return;
    const fs::path path = candidate_.manifest_path();
    const auto written = replace_version(path, report.version);
    if (written) return;
    report.warnings.push_back("published as " + report.version + ", but " +
                              written.error().message + "; write that version into it by hand");
  }

  Result<> replace_version(const fs::path& path, const std::string& version) const {
    HUB_TRY(now_there, read_file(path, manifest_bytes_max));
    HUB_TRY(wanted, with_version(candidate_.kind, now_there, version, path.string()));
    if (wanted == now_there) return {};
    struct stat status{};
    const unsigned mode = ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0644U;
    // Beside the artifact, not in it: what a crash leaves must not be published the next time.
    const fs::path beside = candidate_.source.parent_path() /
                            ("." + candidate_.name + "." + path.filename().string() + ".next");
    HUB_CHECK(write_file_atomic(beside, wanted, mode));
    fault_point("push.bumping");
    HUB_CHECK(rename_durable(beside, path));
    fault_point("push.bumped");
    return {};
  }

  PushRequest request_;
  const Candidate candidate_;
  std::optional<Candidate> bumped_;  // as it was offered last
  const Time now_;
  const Line line_;
  const Patience patience_;
  std::string git_tree_;  // of what is offered, in the host's mirror
};

// A bump whose last write was lost looks like an old version.
void explain_lost_bump(const Candidate& candidate, Error& error) {
  if (error.reason != "version_not_newer") return;
  const std::string version(error.details.at("published_version").as_string());
  const auto same = at_version(candidate, version);
  if (!same || same->tree.digest != error.details.at("published_tree").as_string()) return;
  error.hint = "this content is published as " + version +
               ": push with --bump patch to have that version written into the manifest";
}

}  // namespace

Result<PushReport> push(const PushRequest& request, const Clock& clock) {
  HUB_TRY(url, git::parse_remote_url(request.registry_url));
  HUB_TRY(candidate, read_candidate(request.kind, request.source));
  fault_point("push.read");
  Publishing publishing(request, candidate, clock.now());
  auto published = publishing.run();
  if (!published) {
    explain_lost_bump(candidate, published.error());
    return published;
  }
  const PushReport& report = *published;
  log::info("registry", "pushed",
            {{"status", to_json(report.status)},
             {"kind", to_text(report.kind)},
             {"name", report.name},
             {"version", report.version},
             {"registry", url.display},
             {"commit", report.commit},
             {"attempts", report.attempts},
             {"together", report.together}});
  return published;
}

}  // namespace hub::registry
