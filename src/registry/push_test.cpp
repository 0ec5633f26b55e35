#include "registry/push.hpp"

#include <thread>

#include <doctest/doctest.h>

#include "git/remote_mirror.hpp"
#include "registry/test_artifacts.hpp"

namespace hub::registry {
namespace {

using testing::Bench;
using testing::write_file;
using testing::write_scenario;
using testing::write_skill;

std::string reason_of(const Result<PushReport>& report) {
  return report ? boost::json::serialize(to_json(report->status)) : report.error().reason;
}

// Bytes and times of everything below a directory.
std::string picture_of(const fs::path& directory) {
  std::string picture;
  for (const auto& at : fs::recursive_directory_iterator(directory)) {
    picture += at.path().string() + " " +
               std::to_string(at.last_write_time().time_since_epoch().count()) + "\n";
  }
  return picture;
}

TEST_CASE("a new registry is a bare repository with an empty catalogue") {
  const Bench bench;
  CHECK(bench.commits() == 1);
  CHECK(bench.git({"rev-parse", "main"}) == bench.first + "\n");
  const auto value = boost::json::parse(bench.registry_json()).as_object();
  CHECK(value.at("version") == 2);
  CHECK(value.at("skills").as_array().empty());
  CHECK(init_registry(bench.registry, bench.clock).error().reason == "registry_exists");
  CHECK(init_registry(bench.directory.path() / "deep/er/registry", bench.clock));
  CHECK(std::distance(fs::directory_iterator(bench.directory.path() / "deep/er"), {}) == 1);
}

TEST_CASE("a push lands one commit with the artifact and its entry, and touches no source") {
  const Bench bench;
  const fs::path source =
      write_skill(bench.sources, "notes_skill", "1.0.0", "description: Notes\n");
  write_file(source / "bin/tool", "#!/bin/sh\n", 0755);
  write_file(source / "__pycache__/x.pyc", "x");
  const std::string before = picture_of(source);
  const auto report = push(bench.request(source), bench.clock);
  REQUIRE_MESSAGE(report, report.error().message);
  CHECK(report->status == PushStatus::published);
  CHECK(report->name == "notes_skill");
  CHECK(report->version == "1.0.0");
  CHECK(report->attempts == 1);
  CHECK(report->warnings.empty());
  CHECK(picture_of(source) == before);
  CHECK(bench.commits() == 2);
  CHECK(bench.git({"rev-parse", "main"}) == report->commit + "\n");
  CHECK(bench.git({"rev-parse", "main^"}) == bench.first + "\n");
  CHECK(bench.git({"ls-tree", "-r", "--format=%(objectmode) %(path)", "main"}) ==
        "100644 registry.json\n100755 skills/notes_skill/bin/tool\n"
        "100644 skills/notes_skill/handlers/main.py\n100644 skills/notes_skill/skill.yaml\n");
  CHECK(bench.git({"log", "-1", "--format=%s", "main"}) == "publish skill notes_skill 1.0.0\n");
  bench.git({"fsck", "--strict"});
  const auto value = boost::json::parse(bench.registry_json());
  CHECK(value.at("skills").at(0) == report->entry);
  CHECK(report->entry.at("integrity").at("tree").as_string() == report->tree);
  CHECK(report->entry.at("integrity").at("files") == 3);
  CHECK(value.at("updated_at") == report->entry.at("updated_at"));
}

TEST_CASE("the same content again is already published and makes no commit") {
  const Bench bench;
  const auto first = bench.push_skill("notes_skill", "1.0.0").value();
  const auto again = bench.push_skill("notes_skill", "1.0.0");
  REQUIRE(again);
  CHECK(again->status == PushStatus::already_published);
  CHECK(again->commit == first.commit);
  CHECK(bench.commits() == 2);
  // With another cache and a later clock, too: nothing in the entry is the time of reading.
  const ManualClock later(bench.clock.now() + std::chrono::hours(1000));
  PushRequest elsewhere = bench.request(bench.sources / "notes_skill");
  elsewhere.cache_directory = bench.directory.path() / "other-cache";
  CHECK(push(elsewhere, later).value().status == PushStatus::already_published);
  CHECK(bench.commits() == 2);
}

TEST_CASE("versions only rise, and a version never changes its content") {
  const Bench bench;
  REQUIRE(bench.push_skill("notes_skill", "1.0.0"));
  const auto changed = bench.push_skill("notes_skill", "1.0.0", "description: changed\n");
  CHECK(reason_of(changed) == "version_content_changed");
  CHECK(changed.error().code == ErrorCode::conflict);
  CHECK(changed.error().hint == "raise the version in the manifest, or push with --bump patch");
  CHECK(reason_of(bench.push_skill("notes_skill", "1.0.0+build.2")) == "version_content_changed");
  CHECK(reason_of(bench.push_skill("notes_skill", "0.9.9")) == "version_not_newer");
  CHECK(reason_of(bench.push_skill("notes_skill", "1.0.0-rc.1")) == "version_not_newer");
  CHECK(bench.commits() == 2);
  CHECK(reason_of(bench.push_skill("notes_skill", "1.0.1")) == "\"published\"");
  CHECK(bench.commits() == 3);
  CHECK(boost::json::parse(bench.registry_json()).at("skills").as_array().size() == 1);
}

TEST_CASE("a dry run prints the entry and changes nothing") {
  const Bench bench;
  PushRequest request = bench.request(write_skill(bench.sources, "notes_skill", "1.0.0"));
  request.mode = PushMode::dry_run;
  const auto report = push(request, bench.clock);
  REQUIRE(report);
  CHECK(report->status == PushStatus::dry_run);
  CHECK(report->commit.empty());
  CHECK(report->entry.at("name") == "notes_skill");
  CHECK(bench.commits() == 1);
  request.mode = PushMode::publish;
  CHECK(push(request, bench.clock).value().entry.at("integrity") == report->entry.at("integrity"));
}

TEST_CASE("bad input is refused before anything is asked of the registry") {
  const Bench bench;
  const auto reason = [&](const fs::path& source) {
    PushRequest request = bench.request(source);
    request.registry_url = "/nowhere";
    return reason_of(push(request, bench.clock));
  };
  CHECK(reason(bench.sources / "none") == "artifact_missing");
  write_file(bench.sources / "bare/handlers/main.py", "");
  CHECK(reason(bench.sources / "bare") == "manifest_missing");
  write_file(bench.sources / "broken/skill.yaml", "name: [\n");
  CHECK(reason(bench.sources / "broken") == "manifest_yaml_syntax");
  CHECK(reason(write_skill(bench.sources, "legacy", "0.2")) == "version_invalid");
  CHECK(reason(write_skill(bench.sources, "latest", "1.0.0")) == "name_reserved");
  CHECK(reason(write_skill(bench.sources, "good", "1.0.0")) == "registry_unreachable");
  const fs::path leaky = write_skill(bench.sources, "leaky", "1.0.0");
  write_file(leaky / ".env", "TOKEN=1");
  CHECK(reason(leaky) == "secret_found");
}

TEST_CASE("an id that belongs to another artifact is refused") {
  const Bench bench;
  REQUIRE(bench.push_skill("weather_skill", "1.0.0"));
  CHECK(reason_of(bench.push_skill("Weather_Skill", "1.0.0")) == "alias_conflict");
  CHECK(reason_of(bench.push_skill("other", "1.0.0", "id: WEATHER_skill\n")) == "alias_conflict");
  CHECK(reason_of(bench.push_skill("other", "1.0.0", "id: ../up\n")) == "id_invalid");
  const fs::path scenario = write_scenario(bench.sources / "scenarios", "weather_skill", "1.0.0");
  CHECK(reason_of(push(bench.request(scenario, ArtifactKind::scenario), bench.clock)) ==
        "\"published\"");
}

TEST_CASE("what others keep in the catalogue survives a push, and so does what they keep in git") {
  const Bench bench;
  auto repository = git::Repository::open(bench.registry).value();
  const auto commit =
      repository
          .commit(
              {.parent = bench.first,
               .blobs = {{"registry.json",
                          "{\"version\": 1, \"projects\": [{\"x\": 1.50}], \"skills\": [{\"name\": "
                          "\"notes_skill\", \"version\": \"0.0.0-legacy.0123456789ab\", "
                          "\"channels\": {\"stable\": {}}}]}"},
                         {"README.md", "hello\n"}},
               .author = {"Ada", "ada@example.org", bench.clock.now()},
               .message = "by hand\n"})
          .value()
          .value();
  REQUIRE(repository.set_reference(git::main_branch, commit));
  REQUIRE(bench.push_skill("notes_skill", "1.0.0"));
  const std::string bytes = bench.registry_json();
  CHECK(bytes.find("\"x\": 1.50") != std::string::npos);
  CHECK(boost::json::parse(bytes).at("skills").at(0).as_object().contains("channels"));
  CHECK(bench.git({"show", "main:README.md"}) == "hello\n");
}

TEST_CASE("an entry without a digest is held to the files that are published") {
  const Bench bench;
  REQUIRE(bench.push_skill("notes_skill", "1.0.0"));
  auto repository = git::Repository::open(bench.registry).value();
  auto value = boost::json::parse(bench.registry_json());
  value.at("skills").at(0).as_object().erase("integrity");
  const auto commit = repository
                          .commit({.parent = repository.tip().value(),
                                   .blobs = {{"registry.json", boost::json::serialize(value)}},
                                   .author = {"Ada", "ada@example.org", bench.clock.now()},
                                   .message = "an older writer\n"})
                          .value()
                          .value();
  REQUIRE(repository.set_reference(git::main_branch, commit));
  CHECK(reason_of(bench.push_skill("notes_skill", "1.0.0", "description: other\n")) ==
        "version_content_changed");
  CHECK(reason_of(bench.push_skill("notes_skill", "1.0.0")) == "\"published\"");
  CHECK(reason_of(bench.push_skill("notes_skill", "1.0.0")) == "\"already_published\"");
}

TEST_CASE(
    "an empty registry.json or a repository without main takes a first push, with a warning") {
  const Bench bench;
  auto repository = git::Repository::open(bench.registry).value();
  const auto commit = repository
                          .commit({.parent = bench.first,
                                   .blobs = {{"registry.json", ""}},
                                   .author = {"Ada", "ada@example.org", bench.clock.now()},
                                   .message = "0 bytes\n"})
                          .value()
                          .value();
  REQUIRE(repository.set_reference(git::main_branch, commit));
  const auto report = bench.push_skill("notes_skill", "1.0.0");
  REQUIRE(report);
  CHECK(report->warnings == std::vector<std::string>{"registry.json was empty"});

  REQUIRE(git::Repository::init_bare(bench.directory.path() / "unborn.git"));
  PushRequest request = bench.request(bench.sources / "notes_skill");
  request.registry_url = (bench.directory.path() / "unborn.git").string();
  const auto first = push(request, bench.clock);
  REQUIRE_MESSAGE(first, first.error().message);
  CHECK(first->warnings == std::vector<std::string>{"the registry had no branch main"});
  CHECK(push(request, bench.clock).value().status == PushStatus::already_published);
}

TEST_CASE("a corrupt catalogue is never overwritten") {
  const Bench bench;
  auto repository = git::Repository::open(bench.registry).value();
  const auto commit = repository
                          .commit({.parent = bench.first,
                                   .blobs = {{"registry.json", "{\n<<<<<<< HEAD\n"}},
                                   .author = {"Ada", "ada@example.org", bench.clock.now()},
                                   .message = "a merge gone wrong\n"})
                          .value()
                          .value();
  REQUIRE(repository.set_reference(git::main_branch, commit));
  const auto report = bench.push_skill("notes_skill", "1.0.0");
  CHECK(reason_of(report) == "json_conflict_markers");
  CHECK(report.error().details.at("line") == 2);
  CHECK(repository.tip().value() == commit);
}

TEST_CASE("a cache that a power cut spoiled is made again") {
  const Bench bench;
  REQUIRE(bench.push_skill("notes_skill", "1.0.0"));
  int cut = 0;
  for (const auto& at : fs::recursive_directory_iterator(bench.directory.path() / "cache")) {
    if (!at.is_regular_file() || at.path().string().find("/objects/") == std::string::npos)
      continue;
    fs::permissions(at.path(), fs::perms::owner_all);
    fs::resize_file(at.path(), 0);
    ++cut;
  }
  CHECK(cut > 5);
  log::set_level(log::Level::error);
  CHECK(reason_of(bench.push_skill("notes_skill", "1.0.1")) == "\"published\"");
  CHECK(bench.git({"fsck", "--strict", "--no-dangling"}).empty());
}

TEST_CASE("a push that is told to stop publishes nothing") {
  const Bench bench;
  PushRequest request = bench.request(write_skill(bench.sources, "notes_skill", "1.0.0"));
  request.stop = [] { return true; };
  CHECK(push(request, bench.clock).error().code == ErrorCode::cancelled);
  CHECK(bench.commits() == 1);
}

// `cache_of` tells which cache directory a publisher uses: one for all is a host where publishers
// take turns, one each is many hosts that race.
template <class CacheOf>
void publish_at_once(const Bench& bench, int publishers, const CacheOf& cache_of) {
  std::vector<std::string> failures(static_cast<std::size_t>(publishers));
  std::vector<std::thread> threads;
  for (int at = 0; at < publishers; ++at) {
    const std::string name = "skill_" + std::string(at < 10 ? "0" : "") + std::to_string(at);
    PushRequest request = bench.request(write_skill(bench.sources, name, "1.0.0"));
    request.cache_directory = cache_of(at);
    threads.emplace_back([&bench, &failures, request, at] {
      const auto report = push(request, bench.clock);
      if (!report) failures[static_cast<std::size_t>(at)] = report.error().message;
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& failure : failures) CHECK_MESSAGE(failure.empty(), failure);
}

void check_all_there(const Bench& bench, int publishers) {
  CHECK(bench.commits() <= publishers + 1);
  const auto skills = boost::json::parse(bench.registry_json()).at("skills").as_array();
  REQUIRE(skills.size() == static_cast<std::size_t>(publishers));
  CHECK(std::ranges::is_sorted(skills, {}, [](const boost::json::value& entry) {
    return std::string(entry.at("name").as_string());
  }));
  CHECK(bench.git({"fsck", "--strict", "--no-dangling"}).empty());
  const std::string files = bench.git({"ls-tree", "-r", "--name-only", "main"});
  CHECK(std::ranges::count(files, '\n') == 1 + 2 * publishers);
}

TEST_CASE("twenty publishers at once on one host all land, together or one by one") {
  const Bench bench;
  constexpr int publishers = 20;
  publish_at_once(bench, publishers, [&](int) { return bench.directory.path() / "cache"; });
  check_all_there(bench, publishers);
}

TEST_CASE("twenty publishers at once from hosts of their own all land, one commit each") {
  const Bench bench;
  constexpr int publishers = 20;
  publish_at_once(bench, publishers,
                  [&](int at) { return bench.directory.path() / ("cache-" + std::to_string(at)); });
  check_all_there(bench, publishers);
  CHECK(bench.commits() == publishers + 1);
}

}  // namespace
}  // namespace hub::registry
