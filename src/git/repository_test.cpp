#include "git/repository.hpp"

#include <thread>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "base/files.hpp"
#include "base/process.hpp"

namespace hub::git {
namespace {

Signature someone() { return {"Ada", "ada@example.org", from_millis(1'767'323'045'000)}; }

std::string git_output(const fs::path& repository, std::vector<std::string> arguments) {
  std::vector<std::string> all{"git", "--git-dir=" + repository.string()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const auto ran = run_process({.arguments = all});
  REQUIRE(ran);
  CHECK_MESSAGE(ran->exit_code == 0, ran->errors);
  return ran->output;
}

// A bare repository whose main has registry.json and skills/notes/{skill.yaml,bin/run}.
struct Sample {
  TemporaryDirectory directory;
  Repository repository = Repository::init_bare(directory.path() / "bare.git").value();
  std::string first;

  Sample() {
    const auto manifest = repository.write_blob("name: notes\n").value();
    const auto program = repository.write_blob("#!/bin/sh\n").value();
    first = repository
                .commit({.parent = "",
                         .subtrees = {{"skills/notes",
                                       {{"skill.yaml", FileMode::regular, manifest, 0},
                                        {"bin/run", FileMode::executable, program, 0}}}},
                         .blobs = {{"registry.json", "{}\n"}},
                         .author = someone(),
                         .message = "first\n"})
                .value()
                .value();
    REQUIRE(repository.compare_and_swap(main_branch, "", first).value() == SwapOutcome::done);
  }
};

TEST_CASE("what is committed without a work tree is what git itself sees") {
  const Sample sample;
  const fs::path path = sample.repository.directory();
  CHECK(git_output(path, {"rev-parse", "HEAD"}) == sample.first + "\n");
  CHECK(git_output(path, {"symbolic-ref", "HEAD"}) == "refs/heads/main\n");
  CHECK(git_output(path, {"show", "HEAD:skills/notes/skill.yaml"}) == "name: notes\n");
  CHECK(git_output(path, {"log", "-1", "--format=%an <%ae> %at"}) ==
        "Ada <ada@example.org> 1767323045\n");
  git_output(path, {"fsck", "--strict"});
}

TEST_CASE("what a repository has lost is not taken for what was never there") {
  const Sample sample;
  CHECK(sample.repository.list(sample.first, "skills/none").error().reason == "no_path");
  CHECK(sample.repository.list(sample.first, "registry.json/x").error().reason == "no_path");
  CHECK(sample.repository.list(sample.first, "none/notes").error().reason == "no_path");
  const std::string skills = sample.repository.subtree_of(sample.first, "skills").value();
  fs::remove(sample.repository.directory() / "objects" / skills.substr(0, 2) / skills.substr(2));
  const auto again = Repository::open(sample.repository.directory()).value();
  CHECK(again.list(sample.first, "skills/notes").error().reason == "git_not_found");
  CHECK(again.subtree_of(sample.first, "skills/notes").error().reason == "git_not_found");
  CHECK(again.read_file(sample.first, "skills/notes/skill.yaml", 100).error().reason ==
        "git_not_found");
  CHECK(again.history(sample.first, "skills/notes").error().reason == "git_not_found");
  CHECK(again.read_file(sample.first, "registry.json", 100));
}

TEST_CASE("a replaced subtree loses its old files and leaves its neighbours alone") {
  Sample sample;
  const auto blob = sample.repository.write_blob("name: notes\nversion: 2\n").value();
  const auto second =
      sample.repository
          .commit({.parent = sample.first,
                   .subtrees = {{"skills/notes", {{"skill.yaml", FileMode::regular, blob, 0}}}},
                   .author = someone(),
                   .message = "second\n"})
          .value()
          .value();
  const auto files = sample.repository.list(second, "").value();
  REQUIRE(files.size() == 2);
  CHECK(files[0].path == "registry.json");
  CHECK(files[1].path == "skills/notes/skill.yaml");
  CHECK(files[1].size_bytes == 23);
  CHECK(sample.repository.reaches(second, sample.first).value());
  CHECK_FALSE(sample.repository.reaches(sample.first, second).value());
}

TEST_CASE("the same content again makes no commit") {
  Sample sample;
  const auto again = sample.repository.commit({.parent = sample.first,
                                               .blobs = {{"registry.json", "{}\n"}},
                                               .author = someone(),
                                               .message = "again\n"});
  REQUIRE(again);
  CHECK_FALSE(again->has_value());
}

TEST_CASE("a subtree is written to disk with its exec bits, telling the bytes done") {
  const Sample sample;
  std::vector<std::int64_t> seen;
  const fs::path to = sample.directory.path() / "out";
  const auto done =
      sample.repository.export_subtree({.commit = sample.first,
                                        .path = "skills/notes",
                                        .destination = to,
                                        .progress = [&](std::int64_t bytes, std::int64_t total) {
                                          seen.push_back(bytes);
                                          CHECK(total == 22);
                                        }});
  REQUIRE(done);
  CHECK(done->files == 2);
  CHECK(done->bytes == 22);
  CHECK(seen == std::vector<std::int64_t>{0, 10, 22});
  CHECK(hub::read_file(to / "skill.yaml").value() == "name: notes\n");
  struct stat status{};
  REQUIRE(::stat((to / "bin/run").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0755U);
}

TEST_CASE("an export ends when it is told to stop, and goes nowhere that is in use") {
  const Sample sample;
  const fs::path to = sample.directory.path() / "out";
  const auto stopped = sample.repository.export_subtree(
      {.commit = sample.first, .path = "skills/notes", .destination = to, .stop = [] {
         return true;
       }});
  CHECK(stopped.error().code == ErrorCode::cancelled);
  REQUIRE(write_file_atomic(to / "mine", "x"));
  const auto busy = sample.repository.export_subtree(
      {.commit = sample.first, .path = "skills/notes", .destination = to});
  CHECK(busy.error().reason == "destination_not_empty");
}

TEST_CASE("symlinks and submodules never leave the registry") {
  Sample sample;
  const fs::path work = sample.directory.path() / "work";
  const std::string script =
      "git clone -q bare.git work && cd work && mkdir -p skills/bad skills/sub && "
      "ln -s /etc/passwd skills/bad/link && git add skills/bad && "
      "git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),skills/sub/module && "
      "git -c user.name=x -c user.email=x@x commit -qm bad && git push -q origin HEAD:main";
  const auto ran =
      run_process({.arguments = {"sh", "-c", script}, .directory = sample.directory.path()});
  REQUIRE_MESSAGE(ran.value().exit_code == 0, ran->errors);
  const auto tip = sample.repository.tip().value();
  CHECK(sample.repository.list(tip, "skills/bad").error().reason == "tree_symlink");
  CHECK(sample.repository.list(tip, "skills/sub").error().reason == "tree_gitlink");
  CHECK(sample.repository.list(tip, "skills/notes").value().size() == 2);
}

TEST_CASE("too many or too large files are refused before a byte is written") {
  const Sample sample;
  const auto limited = [&](TreeLimits limits) {
    const fs::path to = sample.directory.path() / "out";
    return sample.repository
        .export_subtree(
            {.commit = sample.first, .path = "skills/notes", .destination = to, .limits = limits})
        .error()
        .reason;
  };
  CHECK(limited({.files_max = 1}) == "tree_too_many_files");
  CHECK(limited({.bytes_max = 21}) == "tree_too_large");
  CHECK(limited({.file_bytes_max = 11}) == "file_too_large");
  CHECK_FALSE(fs::exists(sample.directory.path() / "out"));
}

TEST_CASE("what is not there is told apart") {
  const Sample sample;
  CHECK(Repository::open(sample.directory.path() / "none").error().code == ErrorCode::not_found);
  CHECK(sample.repository.reference("refs/heads/none").error().reason == "no_reference");
  CHECK(sample.repository.read_file(sample.first, "none.json", 100).error().reason == "no_path");
  CHECK(sample.repository.read_file("main", "x", 100).error().reason == "commit_invalid");
  CHECK_FALSE(sample.repository.has_commit(std::string(40, 'a')).value());
}

TEST_CASE("of many that create or move one reference, one wins each time") {
  Sample sample;
  const fs::path path = sample.repository.directory();
  for (const bool exists : {false, true}) {
    const std::string name = exists ? "refs/heads/main" : "refs/heads/fresh";
    std::vector<std::string> commits;
    for (int at = 0; at < 8; ++at) {
      commits.push_back(sample.repository
                            .commit({.parent = sample.first,
                                     .blobs = {{"registry.json", std::to_string(at)}},
                                     .author = someone(),
                                     .message = "one of many\n"})
                            .value()
                            .value());
    }
    std::atomic<int> won{0};
    std::vector<std::thread> threads;
    for (const auto& commit : commits) {
      threads.emplace_back([&, commit] {
        auto mine = Repository::open(path).value();
        const auto outcome =
            mine.compare_and_swap(name, exists ? sample.first : std::string(), commit);
        if (outcome.value() == SwapOutcome::done) ++won;
      });
    }
    for (auto& thread : threads) thread.join();
    CHECK(won == 1);
  }
}

TEST_CASE("a commit is copied with all it needs, and only onto its parent") {
  Sample sample;
  auto target = Repository::init_bare(sample.directory.path() / "target.git").value();
  REQUIRE(sample.repository.copy_commit(sample.first, target));
  REQUIRE(target.compare_and_swap(main_branch, "", sample.first).value() == SwapOutcome::done);
  git_output(target.directory(), {"fsck", "--strict", "--full"});
  CHECK(target.list(sample.first, "").value().size() == 3);

  auto stranger = Repository::init_bare(sample.directory.path() / "stranger.git").value();
  const auto second = sample.repository
                          .commit({.parent = sample.first,
                                   .blobs = {{"registry.json", "{\"version\": 2}\n"}},
                                   .author = someone(),
                                   .message = "second\n"})
                          .value()
                          .value();
  CHECK(sample.repository.copy_commit(second, stranger).error().reason == "parent_missing");
}

}  // namespace
}  // namespace hub::git
