#include "registry/mirror.hpp"

#include <thread>

#include <doctest/doctest.h>

#include "registry/find_entry.hpp"
#include "registry/test_artifacts.hpp"
#include "registry/tree.hpp"

namespace hub::registry {
namespace {

using testing::Bench;

std::string put(const Bench& bench, const std::string& path, const std::string& bytes) {
  auto repository = git::Repository::open(bench.registry).value();
  const auto commit = repository
                          .commit({.parent = repository.tip().value(),
                                   .blobs = {{path, bytes}},
                                   .author = {"Ada", "ada@example.org", bench.clock.now()},
                                   .message = "by hand\n"})
                          .value()
                          .value();
  REQUIRE(repository.set_reference(git::main_branch, commit));
  return commit;
}

struct Watched {
  Bench bench;
  ManualClock clock{from_millis(1'767'323'045'000)};
  fs::path directory = bench.directory.path() / "mirror";
  Mirror mirror{directory, bench.registry.string(), clock};
};

TEST_CASE("a hub sees what is published, and takes the files at the commit it saw") {
  Watched at;
  REQUIRE(at.bench.push_skill("notes_skill", "1.0.0"));
  const auto catalog = at.mirror.fetch();
  REQUIRE_MESSAGE(catalog, catalog.error().message);
  REQUIRE((*catalog)->entries.size() == 1);
  CHECK((*catalog)->fetched_at == at.clock.now());
  CHECK((*catalog)->digest ==
        "sha256:" + to_hex(sha256(at.mirror.read_catalog_bytes((*catalog)->commit).value())));
  const std::string pinned = (*catalog)->commit;
  const auto entry = (*catalog)->entries.at(0);

  REQUIRE(at.bench.push_skill("notes_skill", "2.0.0"));
  CHECK(at.mirror.fetch().value()->entries.at(0).version == "2.0.0");
  CHECK(at.mirror.read_catalog(pinned).value()->entries.at(0).version == "1.0.0");

  std::int64_t last = -1;
  const fs::path to = at.bench.directory.path() / "out";
  const auto taken = at.mirror.export_artifact({.commit = pinned,
                                                .kind = ArtifactKind::skill,
                                                .name = "notes_skill",
                                                .destination = to,
                                                .progress = [&](std::int64_t done, std::int64_t) {
                                                  CHECK(done > last);
                                                  last = done;
                                                }});
  REQUIRE(taken);
  CHECK(taken->bytes == last);
  CHECK(taken->bytes == entry.size_bytes);
  CHECK(read_tree(to).value().digest == entry.tree);
}

TEST_CASE("offline the last good catalogue stays, with its age, over a restart") {
  Watched at;
  REQUIRE(at.bench.push_skill("notes_skill", "1.0.0"));
  CHECK(at.mirror.read_catalog().error().reason == "catalog_never_fetched");
  REQUIRE(at.mirror.fetch());
  const Time fetched = at.clock.now();
  fs::rename(at.bench.registry, at.bench.directory.path() / "gone");
  at.clock.advance(std::chrono::hours(2));
  CHECK(at.mirror.fetch().error().reason == "registry_unreachable");
  CHECK(at.mirror.read_catalog().value()->entries.size() == 1);

  Mirror restarted(at.directory, at.bench.registry.string(), at.clock);
  const auto catalog = restarted.read_catalog();
  REQUIRE(catalog);
  CHECK((*catalog)->entries.size() == 1);
  CHECK((*catalog)->fetched_at == fetched);
  CHECK(restarted.export_artifact({.commit = (*catalog)->commit,
                                   .kind = ArtifactKind::skill,
                                   .name = "notes_skill",
                                   .destination = at.bench.directory.path() / "out"}));

  Mirror elsewhere(at.directory, "/another/registry", at.clock);
  CHECK(elsewhere.read_catalog().error().reason == "catalog_never_fetched");
}

TEST_CASE("a broken catalogue is reported and the last good one stays") {
  Watched at;
  REQUIRE(at.bench.push_skill("notes_skill", "1.0.0"));
  const std::string good = at.mirror.fetch().value()->commit;
  put(at.bench, "registry.json", "");
  CHECK(at.mirror.fetch().error().reason == "catalog_empty");
  put(at.bench, "registry.json", "{\"version\": 9}");
  CHECK(at.mirror.fetch().error().reason == "catalog_unsupported_version");
  put(at.bench, "registry.json", "{\"skills\": [");
  CHECK(at.mirror.fetch().error().reason == "json_truncated");
  CHECK(at.mirror.read_catalog().value()->commit == good);
  Mirror restarted(at.directory, at.bench.registry.string(), at.clock);
  CHECK(restarted.read_catalog().value()->commit == good);
}

TEST_CASE("a mirror that a power cut spoiled is fetched again") {
  Watched at;
  REQUIRE(at.bench.push_skill("notes_skill", "1.0.0"));
  REQUIRE(at.mirror.fetch());
  for (const auto& file : fs::recursive_directory_iterator(at.directory / "objects")) {
    if (!file.is_regular_file()) continue;
    fs::permissions(file.path(), fs::perms::owner_all);
    fs::resize_file(file.path(), 0);
  }
  Mirror restarted(at.directory, at.bench.registry.string(), at.clock);
  CHECK_FALSE(restarted.read_catalog());
  CHECK(restarted.fetch().value()->entries.size() == 1);
  CHECK(restarted.read_catalog().value()->entries.size() == 1);
}

TEST_CASE("whatever object a mirror has lost, the next news mend it") {
  Watched at;
  REQUIRE(at.bench.push_skill("notes_skill", "1.0.0"));
  REQUIRE(at.mirror.fetch());
  REQUIRE(at.bench.push_skill("notes_skill", "1.1.0"));
  std::size_t lost = 0;
  const fs::path whole = at.bench.directory.path() / "whole";
  fs::copy(at.directory, whole, fs::copy_options::recursive);
  for (const auto& file : fs::recursive_directory_iterator(whole / "objects")) {
    if (!file.is_regular_file()) continue;
    CAPTURE(file.path());
    fs::remove_all(at.directory);
    fs::copy(whole, at.directory, fs::copy_options::recursive);
    REQUIRE(fs::remove(at.directory / file.path().lexically_relative(whole)));
    ++lost;
    Mirror restarted(at.directory, at.bench.registry.string(), at.clock);
    const auto fetched = restarted.fetch();
    REQUIRE_MESSAGE(fetched, (fetched ? "" : fetched.error().message));
    CHECK(fetched.value()->entries.at(0).version == "1.1.0");
    const auto taken =
        restarted.export_artifact({fetched.value()->commit, ArtifactKind::skill, "notes_skill",
                                   at.bench.directory.path() / "out" / std::to_string(lost)});
    CHECK_MESSAGE((taken || taken.error().reason == "git_not_found"),
                  (taken ? "" : taken.error().message));
  }
  CHECK(lost > 5);
}

TEST_CASE("locks of git that a dead process has left are in nobody's way") {
  Watched at;
  REQUIRE(at.bench.push_skill("notes_skill", "1.0.0"));
  REQUIRE(at.mirror.fetch());
  for (const char* left : {"refs/registry/main.lock", "refs/hub/catalog.lock", "config.lock"}) {
    REQUIRE(write_file_atomic(at.directory / left, ""));
  }
  REQUIRE(at.bench.push_skill("lamp_skill", "1.0.0"));
  CHECK(at.mirror.fetch().value()->entries.size() == 2);
  CHECK_FALSE(fs::exists(at.directory / "config.lock"));
}

TEST_CASE("a registry that is not one yet says so") {
  const TemporaryDirectory directory;
  const SystemClock clock;
  REQUIRE(git::Repository::init_bare(directory.path() / "unborn.git"));
  Mirror unborn(directory.path() / "m1", (directory.path() / "unborn.git").string(), clock);
  CHECK(unborn.fetch().error().reason == "registry_empty");
  Mirror nowhere(directory.path() / "m2", (directory.path() / "nowhere.git").string(), clock);
  CHECK(nowhere.fetch().error().reason == "registry_unreachable");
  CHECK(nowhere.read_catalog().error().reason == "catalog_never_fetched");
}

TEST_CASE("an artifact that is not published, or not safe, is not taken") {
  Watched at;
  const std::string commit = put(at.bench, "skills/odd/a\\b", "x");
  REQUIRE(at.mirror.fetch());
  const auto reason = [&](const std::string& name) {
    return at.mirror
        .export_artifact({.commit = commit,
                          .kind = ArtifactKind::skill,
                          .name = name,
                          .destination = at.bench.directory.path() / "out"})
        .error()
        .reason;
  };
  CHECK(reason("none") == "artifact_not_published");
  CHECK(reason("../scenarios") == "artifact_not_published");
  CHECK(reason("odd") == "path_unsafe");
  CHECK_FALSE(fs::exists(at.bench.directory.path() / "out"));
}

TEST_CASE("many threads read while others fetch") {
  Watched at;
  REQUIRE(at.bench.push_skill("skill_0", "1.0.0"));
  REQUIRE(at.mirror.fetch());
  std::atomic<bool> done{false};
  std::atomic<int> reads{0}, failures{0};
  std::vector<std::thread> threads;
  for (int reader = 0; reader < 3; ++reader) {
    threads.emplace_back([&] {
      while (!done) {
        const auto catalog = at.mirror.read_catalog();
        const bool found = catalog && find_entry(**catalog, ArtifactKind::skill, "skill_0");
        const bool pinned = found && at.mirror.read_catalog((*catalog)->commit);
        ++(pinned ? reads : failures);
      }
    });
  }
  for (int fetcher = 0; fetcher < 2; ++fetcher) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 5; ++turn) {
        if (!at.mirror.fetch()) ++failures;
      }
    });
  }
  for (int pushed = 1; pushed < 5; ++pushed) {
    CHECK(at.bench.push_skill("skill_" + std::to_string(pushed), "1.0.0"));
  }
  done = true;
  for (auto& thread : threads) thread.join();
  CHECK(failures == 0);
  CHECK(reads > 0);
  CHECK(at.mirror.fetch().value()->entries.size() == 5);
}

}  // namespace
}  // namespace hub::registry
