#include "git/remote_mirror.hpp"

#include <thread>

#include <doctest/doctest.h>
#include <git2.h>

#include "base/files.hpp"
#include "git/git_program.hpp"

namespace hub::git {
namespace {

Signature someone() { return {"Ada", "ada@example.org", from_millis(1'767'323'045'000)}; }

std::string commit_file(Repository& repository, const std::string& parent, const std::string& path,
                        const std::string& bytes) {
  return repository
      .commit({.parent = parent,
               .blobs = {{path, bytes}},
               .author = someone(),
               .message = "add " + path + "\n"})
      .value()
      .value();
}

struct Remote {
  TemporaryDirectory directory;
  fs::path path = directory.path() / "registry.git";
  Repository repository = Repository::init_bare(path).value();
  std::string first = commit_file(repository, "", "registry.json", "{}\n");

  Remote() {
    REQUIRE(repository.compare_and_swap(main_branch, "", first).value() == SwapOutcome::done);
  }
  RemoteMirror mirror(const std::string& name, const std::string& prefix = "") const {
    return RemoteMirror::open(directory.path() / name, prefix + path.string()).value();
  }
};

TEST_CASE("addresses of registries are told apart without looking at disk or network") {
  const auto kind = [](const char* text) { return parse_remote_url(text).value().kind; };
  CHECK(kind("/srv/registry.git") == RemoteKind::local);
  CHECK(kind("./a:b") == RemoteKind::local);
  CHECK(kind("file:///srv/registry.git") == RemoteKind::local);
  CHECK(kind("git@example.org:registry.git") == RemoteKind::network);
  CHECK(kind("ssh://example.org/registry.git") == RemoteKind::network);
  CHECK(kind("https://example.org/registry.git") == RemoteKind::network);
  CHECK(parse_remote_url("file:///srv/my%20registry.git")->path == "/srv/my registry.git");
  CHECK(parse_remote_url("https://ada:secret@example.org/r.git")->display ==
        "https://example.org/r.git");
  for (const char* bad : {"", "-u", "ftp://x/y", "file://host/x", "ext::sh -c id", "a\nb"}) {
    CHECK(parse_remote_url(bad).error().reason == "registry_url_invalid");
  }
}

TEST_CASE("a mirror follows the main of its remote") {
  Remote remote;
  auto mirror = remote.mirror("mirror", "file://");
  CHECK(mirror.tip().value().empty());
  CHECK(mirror.fetch().value() == remote.first);
  const auto second = commit_file(remote.repository, remote.first, "registry.json", "{ }\n");
  REQUIRE(remote.repository.set_reference(main_branch, second));
  CHECK(mirror.tip().value() == remote.first);
  CHECK(mirror.ask_tip().value() == second);
  CHECK(mirror.tip().value() == remote.first);  // asking fetches nothing
  CHECK_FALSE(mirror.repository().has_object(second));
  CHECK(mirror.fetch().value() == second);
  CHECK(mirror.repository().read_file(second, "registry.json", 100).value() == "{ }\n");
}

TEST_CASE("what was fetched stays when the remote goes away") {
  Remote remote;
  auto mirror = remote.mirror("mirror");
  REQUIRE(mirror.fetch());
  fs::rename(remote.path, remote.directory.path() / "gone");
  const auto fetched = mirror.fetch();
  CHECK(fetched.error().reason == "registry_unreachable");
  CHECK(mirror.ask_tip().error().reason == "registry_unreachable");
  CHECK(fetched.error().code == ErrorCode::unavailable);
  CHECK_FALSE(fetched.error().hint.empty());
  CHECK(mirror.tip().value() == remote.first);
}

TEST_CASE("a mirror that is told of another remote forgets the first one's main") {
  const Remote one, other;
  REQUIRE(one.mirror("mirror").fetch());
  auto moved = RemoteMirror::open(one.directory.path() / "mirror", other.path.string()).value();
  CHECK(moved.tip().value().empty());
  CHECK(moved.fetch().value() == other.first);
}

TEST_CASE("a remote without a main is empty, not unreachable, and takes a first commit") {
  const TemporaryDirectory directory;
  auto bare = Repository::init_bare(directory.path() / "bare.git").value();
  auto mirror =
      RemoteMirror::open(directory.path() / "mirror", (directory.path() / "bare.git").string())
          .value();
  CHECK(mirror.fetch().value().empty());
  const auto first = commit_file(mirror.repository(), "", "registry.json", "{}\n");
  CHECK(mirror.push(first, "").status == PushStatus::landed);
  CHECK(bare.tip().value() == first);
  const auto rival = commit_file(mirror.repository(), "", "registry.json", "[]\n");
  CHECK(mirror.push(rival, "").status == PushStatus::lost_race);
}

TEST_CASE("a push to a path lands only on what it was built on") {
  const Remote remote;
  auto ada = remote.mirror("ada");
  auto bob = remote.mirror("bob");
  REQUIRE(ada.fetch());
  REQUIRE(bob.fetch());
  const auto ours = commit_file(ada.repository(), remote.first, "a", "a");
  const auto theirs = commit_file(bob.repository(), remote.first, "b", "b");
  CHECK(ada.push(ours, remote.first).status == PushStatus::landed);
  CHECK(ada.tip().value() == ours);
  const auto late = bob.push(theirs, remote.first);
  CHECK(late.status == PushStatus::lost_race);
  CHECK(late.error.code == ErrorCode::conflict);
  CHECK(remote.repository.tip().value() == ours);
}

TEST_CASE("a path whose repository has receive hooks gets them run, and their no is final") {
  const Remote remote;
  REQUIRE(make_directories(remote.path / "hooks"));
  REQUIRE(write_file_atomic(remote.path / "hooks/pre-receive",
                            "#!/bin/sh\necho no pushes on Sunday >&2\nexit 1\n", 0755));
  auto mirror = remote.mirror("mirror");
  REQUIRE(mirror.fetch());
  const auto commit = commit_file(mirror.repository(), remote.first, "a", "a");
  const auto outcome = mirror.push(commit, remote.first);
  CHECK(outcome.status == PushStatus::refused);
  CHECK(outcome.error.reason == "remote_hook_declined");
  CHECK(outcome.error.message.find("no pushes on Sunday") != std::string::npos);
  CHECK(remote.repository.tip().value() == remote.first);

  REQUIRE(write_file_atomic(remote.path / "hooks/pre-receive", "#!/bin/sh\nexit 0\n", 0755));
  CHECK(mirror.push(commit, remote.first).status == PushStatus::landed);
  const auto rival = commit_file(mirror.repository(), remote.first, "b", "b");
  CHECK(mirror.push(rival, remote.first).status == PushStatus::lost_race);
}

// A publisher: builds on the tip it sees, pushes, and believes what it is told.
template <class Push>
int entries_after(const Remote& remote, int publishers, const Push& push) {
  std::vector<std::thread> threads;
  for (int at = 0; at < publishers; ++at) {
    threads.emplace_back([&, at] {
      const std::string name = std::to_string(at);
      auto mirror = remote.mirror("mirror-" + name);
      for (int attempt = 0; attempt < 400; ++attempt) {
        const auto tip = mirror.fetch().value();
        const auto commit = commit_file(mirror.repository(), tip, "entries/" + name, name);
        if (push(mirror, commit, tip)) return;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const auto tip = remote.repository.tip().value();
  return static_cast<int>(remote.repository.list(tip, "entries").value().size());
}

TEST_CASE("publishers that swap the reference lose nothing") {
  const Remote remote;
  CHECK(entries_after(remote, 12, [](RemoteMirror& mirror, const auto& commit, const auto& tip) {
          return mirror.push(commit, tip).status == PushStatus::landed;
        }) == 12);
}

// Why this room never pushes to a path with libgit2: its local push forces the reference. Two
// publishers built on the same tip; the second is told that it succeeded, and the first is gone.
TEST_CASE("a push to a path by libgit2 is no compare-and-swap") {
  const Remote remote;
  const auto raw_push = [&](RemoteMirror& mirror, const std::string& commit) {
    REQUIRE(mirror.repository().set_reference("refs/heads/mine", commit));
    git_repository* repository = nullptr;
    REQUIRE(git_repository_open(&repository, mirror.repository().directory().c_str()) == 0);
    git_remote* to = nullptr;
    git_remote_create_options options{};
    options.version = GIT_REMOTE_CREATE_OPTIONS_VERSION;
    options.repository = repository;
    // Without this flag libgit2 1.5 leaks a match for each line of the configuration.
    options.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF;
    REQUIRE(git_remote_create_with_opts(&to, remote.path.c_str(), &options) == 0);
    REQUIRE(git_remote_connect(to, GIT_DIRECTION_PUSH, nullptr, nullptr, nullptr) == 0);
    return std::pair(repository, to);
  };
  const auto finish = [](std::pair<git_repository*, git_remote*> open) {
    std::string refspec = "refs/heads/mine:refs/heads/main";
    char* text = refspec.data();
    const git_strarray refspecs{&text, 1};
    const int rc = git_remote_upload(open.second, &refspecs, nullptr);
    git_remote_free(open.second);
    git_repository_free(open.first);
    return rc;
  };
  auto ada = remote.mirror("ada");
  auto bob = remote.mirror("bob");
  REQUIRE(ada.fetch());
  REQUIRE(bob.fetch());
  // Both have connected, and so seen the same tip, before either uploads.
  const auto first = raw_push(ada, commit_file(ada.repository(), remote.first, "entries/a", "a"));
  const auto second = raw_push(bob, commit_file(bob.repository(), remote.first, "entries/b", "b"));
  CHECK(finish(first) == 0);
  CHECK(finish(second) == 0);
  const auto tip = remote.repository.tip().value();
  CHECK(remote.repository.list(tip, "entries").value().size() == 1);
}

TEST_CASE("only named signals of a server are a lost race") {
  const auto url = parse_remote_url("https://ada:secret@example.org/r.git").value();
  const auto said = [&](const std::string& line, const std::string& errors) {
    return explain_push(url, {.exit_code = 1, .output = line, .errors = errors});
  };
  const auto rejected = [&](const std::string& why) {
    return said("To x\n!\tabc:refs/heads/main\t" + why + "\nDone\n", "").status;
  };
  CHECK(rejected("[rejected] (fetch first)") == PushStatus::lost_race);
  CHECK(rejected("[rejected] (non-fast-forward)") == PushStatus::lost_race);
  CHECK(rejected("[remote rejected] (failed to update ref)") == PushStatus::lost_race);
  CHECK(rejected("[remote rejected] (cannot lock ref 'refs/heads/main')") == PushStatus::lost_race);
  CHECK(rejected("[remote rejected] (pre-receive hook declined)") == PushStatus::refused);
  CHECK(rejected("[remote rejected] (something new)") == PushStatus::refused);
  CHECK(rejected("[remote failure] (remote failed to report status)") == PushStatus::unknown);
  CHECK(
      said("!\ta:b\t[remote rejected] (protected branch hook declined)\n", "GH006").error.reason ==
      "remote_protected");
  CHECK(said("", "fatal: Authentication failed for 'https://ada:secret@example.org/r.git'")
            .error.reason == "remote_denied");
  CHECK(said("", "fatal: Authentication failed for 'https://ada:secret@example.org/r.git'")
            .error.message.find("secret") == std::string::npos);
  CHECK(said("", "fatal: the remote end hung up unexpectedly").status == PushStatus::unknown);
  CHECK(said("", "error: RPC failed; curl 28 Operation timed out\nfatal: the remote end hung up")
            .status == PushStatus::unknown);
  CHECK(said("", "ssh: connect to host x port 22: Connection refused").error.reason ==
        "registry_unreachable");
}

TEST_CASE("a fetch from nowhere says that the registry is unreachable") {
  const TemporaryDirectory directory;
  auto mirror = RemoteMirror::open(directory.path() / "m", "git://127.0.0.1:1/none.git").value();
  const auto fetched = mirror.fetch();
  CHECK(fetched.error().reason == "registry_unreachable");
  const auto stopped = mirror.fetch({.stop = [] { return true; }});
  CHECK((stopped.error().code == ErrorCode::cancelled ||
         stopped.error().reason == "registry_unreachable"));
}

}  // namespace
}  // namespace hub::git
