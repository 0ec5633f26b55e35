#include "git/remote_mirror.hpp"

#include <array>

#include <unistd.h>

#include "base/fault_point.hpp"
#include "base/files.hpp"
#include "git/git_program.hpp"
#include "git/libgit2.hpp"
#include "git/stale_locks.hpp"

namespace hub::git {
namespace {

constexpr const char* followed_url = "hub.followedurl";

// What a server would run: their owner wants them run for a push to the path, too.
bool has_receive_hooks(const Repository& target) {
  constexpr std::array names{"pre-receive",  "update",      "post-receive",
                             "proc-receive", "post-update", "reference-transaction"};
  const fs::path hooks = fs::path(target.config("core.hooksPath").value_or("hooks"));
  for (const char* name : names) {
    if (::access((target.directory() / hooks / name).c_str(), X_OK) == 0) return true;
  }
  return false;
}

Error unreachable(const RemoteUrl& url, const Error& cause) {
  return Error{ErrorCode::unavailable,
               "cannot reach registry " + url.display + ": " + cause.message,
               "registry_unreachable",
               "check the path of the registry",
               {{"registry", url.display}}};
}

// Runs the git program for something that only reads of the remote.
Result<ProcessOutcome> ask_remote(const Repository& repository, const RemoteUrl& url,
                                  std::vector<std::string> arguments,
                                  const NetworkOptions& options) {
  auto ran = run_git(repository.directory(), std::move(arguments), options);
  if (!ran && ran.error().reason == "timeout") return tl::unexpected(unreachable(url, ran.error()));
  return ran;
}

}  // namespace

RemoteMirror::RemoteMirror(Repository repository, RemoteUrl url)
    : repository_(std::move(repository)), url_(std::move(url)) {}

Result<RemoteMirror> RemoteMirror::open(const fs::path& directory, std::string_view url) {
  HUB_TRY(remote, parse_remote_url(url));
  std::error_code ec;
  if (!fs::exists(directory / "HEAD", ec)) {
    HUB_CHECK(make_directories(fs::absolute(directory)));
    HUB_TRY(made, Repository::init_bare(directory));
    HUB_CHECK(made.set_config(followed_url, remote.display));
  }
  HUB_TRY(repository, Repository::open(directory));
  if (repository.config(followed_url) != remote.display) {
    HUB_CHECK(repository.remove_all_references());
    HUB_CHECK(repository.set_config(followed_url, remote.display));
  }
  // Of what the git program writes, too (libgit2.hpp).
  if (repository.config("core.fsync") != "objects,reference") {
    HUB_CHECK(repository.set_config("core.fsync", "objects,reference"));
  }
  return RemoteMirror(std::move(repository), std::move(remote));
}

Result<std::string> RemoteMirror::tip() const {
  auto found = repository_.reference(mirrored_main);
  if (!found && found.error().reason == "no_reference") return std::string{};
  return found;
}

Result<std::string> RemoteMirror::ask_tip(const NetworkOptions& options) const {
  if (url_.kind == RemoteKind::local) {
    const auto target = Repository::open(url_.path);
    if (!target) return tl::unexpected(unreachable(url_, target.error()));
    auto theirs = target->tip();
    if (!theirs && theirs.error().reason == "no_reference") return std::string{};
    return theirs;
  }
  HUB_TRY(ran,
          ask_remote(repository_, url_,
                     {"ls-remote", "--quiet", "--", url_.text, std::string(main_branch)}, options));
  if (ran.exit_code != 0) return tl::unexpected(explain_fetch_failure(url_, ran.errors));
  // "<commit>\trefs/heads/main\n", or nothing
  return ran.output.substr(0, ran.output.find('\t'));
}

Result<std::string> RemoteMirror::fetch(const NetworkOptions& options) {
  if (url_.kind == RemoteKind::local) {
    // What a few commits changed is copied here, without starting a program: publishers on one
    // machine would spend most of their time on that.
    constexpr std::size_t commits_max = 64;
    const auto target = Repository::open(url_.path);
    if (!target) return tl::unexpected(unreachable(url_, target.error()));
    const auto theirs = target->tip();
    HUB_TRY(ours, tip());
    if (theirs && *theirs == ours) return *theirs;
    if (theirs && !ours.empty()) {
      const auto copied = target->copy_commits(ours, *theirs, repository_, commits_max);
      if (copied && *copied) {
        HUB_CHECK(repository_.set_reference(mirrored_main, *theirs));
        return *theirs;
      }
    }
  }
  HUB_TRY(ran, ask_remote(repository_, url_,
                          {"fetch", "--quiet", "--no-tags", "--no-write-fetch-head",
                           "--no-recurse-submodules", "--", url_.text,
                           "+" + std::string(main_branch) + ":" + std::string(mirrored_main)},
                          options));
  if (ran.exit_code == 0) return tip();
  if (ran.errors.find("couldn't find remote ref") != std::string::npos) {
    HUB_CHECK(repository_.remove_reference(mirrored_main));
    return std::string{};
  }
  return tl::unexpected(explain_fetch_failure(url_, ran.errors));
}

PushOutcome RemoteMirror::push(const std::string& commit, const std::string& expected,
                               const NetworkOptions& options) {
  PushOutcome outcome;
  if (url_.kind == RemoteKind::local) {
    auto target = Repository::open(url_.path);
    if (!target) return {PushStatus::refused, unreachable(url_, target.error())};
    const bool plain = target->is_bare() && !has_receive_hooks(*target);
    outcome = plain ? push_by_swap(*target, commit, expected) : push_by_program(commit, options);
  } else {
    outcome = push_by_program(commit, options);
  }
  if (outcome.status == PushStatus::landed) {
    // It landed whatever this says; a mirror that lags is put right by the next fetch.
    static_cast<void>(repository_.set_reference(mirrored_main, commit));
  }
  return outcome;
}

PushOutcome RemoteMirror::push_by_swap(Repository& target, const std::string& commit,
                                       const std::string& expected) {
  const auto lost = [&] {
    return PushOutcome{
        PushStatus::lost_race,
        Error{ErrorCode::conflict, "cannot push to " + url_.display + ": main has moved",
              "lost_race", "another publisher was first"}};
  };
  remove_abandoned_lock(target.directory());
  const auto theirs = target.tip();
  if (theirs && *theirs != expected) return lost();  // before anything is copied in vain
  if (const auto copied = repository_.copy_commit(commit, target); !copied) {
    const bool race = copied.error().reason == "parent_missing";
    return {race ? PushStatus::lost_race : PushStatus::refused, copied.error()};
  }
  fault_point("push.copied");
  const auto swapped = target.compare_and_swap(main_branch, expected, commit);
  if (!swapped) return {PushStatus::refused, swapped.error()};
  switch (*swapped) {
    case SwapOutcome::done: return {PushStatus::landed, {}};
    case SwapOutcome::lost: break;
  }
  return lost();
}

PushOutcome RemoteMirror::push_by_program(const std::string& commit,
                                          const NetworkOptions& options) {
  const auto ran =
      run_git(repository_.directory(),
              {"push", "--porcelain", "--no-verify", "--no-signed", "--no-follow-tags",
               "--recurse-submodules=no", "--", url_.text, commit + ":" + std::string(main_branch)},
              options);
  if (ran) return explain_push(url_, *ran);
  Error error = ran.error();
  if (error.reason == "timeout" || error.code == ErrorCode::cancelled) {
    return {PushStatus::unknown, std::move(error)};
  }
  return {PushStatus::refused, std::move(error)};
}

}  // namespace hub::git
