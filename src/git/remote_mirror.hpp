#pragma once
// RemoteMirror: a bare repository on this disk that follows the branch main of one remote, and
// pushes commits to it as compare-and-swap. The remote owns the truth; what was fetched stays
// readable when the remote does not answer.
//
//   remote main --fetch (git program)--> refs/registry/main of the mirror
//   commit made in the mirror --push--> remote main, only if it still is what we built on
//
// A local remote gets the objects copied and its reference swapped here: a push by libgit2 to a
// path forces the reference and loses commits of others (remote_mirror_test.cpp shows it). One with
// receive hooks, and every network remote, is pushed to by the git program, whose server side
// compares. The program runs with the user's credentials, asks nobody, and runs no local hook.
//
// The mirror itself is a cache: a power cut may spoil what was written last (reason git_failed or
// git_not_found); removing the directory mends it. What is pushed to a path is fsynced.
//
// Threads and processes: one caller at a time for one directory; callers hold a lock of their own.

#include <chrono>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "git/remote_url.hpp"
#include "git/repository.hpp"

namespace hub::git {

inline constexpr std::string_view mirrored_main = "refs/registry/main";

struct NetworkOptions {
  std::chrono::milliseconds timeout{120'000};
  std::function<bool()> stop = {};
};

enum class PushStatus {
  landed,
  lost_race,  // main moved meanwhile, or is being moved: fetch and build again
  refused,    // authentication, protection, a hook, quota: trying again will not help
  unknown,    // the connection broke after the pack went out: only a fetch can tell
};

struct PushOutcome {
  PushStatus status = PushStatus::unknown;
  Error error = {};  // unless landed: why, with the server's own words in details.remote
};

class RemoteMirror {
 public:
  // Makes the bare repository when it is missing. A directory that followed another URL forgets
  // all references of that one.
  static Result<RemoteMirror> open(const fs::path& directory, std::string_view url);

  // Asks the remote. The new tip; empty when the remote has no branch main yet. unavailable with
  // reason registry_unreachable; forbidden with reason remote_denied; cancelled.
  Result<std::string> fetch(const NetworkOptions& = {});

  // What `fetch` would return, without fetching: one question to the remote.
  Result<std::string> ask_tip(const NetworkOptions& = {}) const;

  // What the last fetch or push saw; empty before the first, or when the remote has no main.
  Result<std::string> tip() const;

  // `commit` is in this mirror and its parent is `expected` (empty: the remote has no main yet).
  PushOutcome push(const std::string& commit, const std::string& expected,
                   const NetworkOptions& = {});

  Repository& repository() { return repository_; }
  const Repository& repository() const { return repository_; }
  const RemoteUrl& url() const { return url_; }

 private:
  RemoteMirror(Repository repository, RemoteUrl url);
  PushOutcome push_by_swap(Repository& target, const std::string& commit,
                           const std::string& expected);
  PushOutcome push_by_program(const std::string& commit, const NetworkOptions&);

  Repository repository_;
  RemoteUrl url_;
};

}  // namespace hub::git
