#include "registry/catalog_keeper.hpp"

#include <atomic>
#include <thread>

#include <doctest/doctest.h>

#include "registry/test_artifacts.hpp"

namespace hub::registry {
namespace {

using std::chrono::milliseconds;
using testing::Bench;

struct Kept {
  Bench bench;
  ManualClock clock{from_millis(1'767'323'045'000)};
  fs::path copy = bench.directory.path() / "workspace" / "registry.json";
  fs::path away = bench.directory.path() / "away";
  Mirror mirror{bench.directory.path() / "mirror", bench.registry.string(), clock};
  CatalogKeeper keeper{mirror, clock, std::chrono::hours(1), copy};
};

TEST_CASE("a registry that has nothing new is not read again, and nobody is told") {
  Kept at;
  REQUIRE(at.bench.push_skill("notes_skill", "1.0.0"));
  int rung = 0;
  const auto heard = at.keeper.changes().subscribe([&] { ++rung; });
  const auto first = at.keeper.refresh().value();
  CHECK(rung == 1);
  at.clock.advance(std::chrono::minutes(5));
  CHECK(*at.keeper.status().age_s == 300);
  CHECK(at.keeper.refresh().value() == first);  // the very same
  CHECK(rung == 1);
  CHECK(*at.keeper.status().age_s == 0);
  REQUIRE(at.bench.push_skill("notes_skill", "1.1.0"));
  CHECK(at.keeper.refresh().value()->entries.at(0).version == "1.1.0");
  CHECK(rung == 2);
}

TEST_CASE("a registry that does not answer is stale, then offline, and fresh when it is back") {
  Kept at;
  CHECK(at.keeper.status().state == CatalogCondition::unavailable);
  REQUIRE(at.bench.push_skill("notes_skill", "1.0.0"));
  REQUIRE(at.keeper.refresh());
  CHECK(at.keeper.status().state == CatalogCondition::fresh);
  fs::rename(at.bench.registry, at.away);
  for (int asked = 1; asked <= offline_after; ++asked) {
    at.clock.advance(std::chrono::minutes(1));
    CHECK_FALSE(at.keeper.refresh());
    const auto status = at.keeper.status();
    CHECK(status.state ==
          (asked < offline_after ? CatalogCondition::stale : CatalogCondition::offline));
    CHECK(*status.age_s == 60 * asked);
    CHECK(status.error);
    CHECK(at.keeper.current()->entries.size() == 1);
  }
  fs::rename(at.away, at.bench.registry);
  REQUIRE(at.keeper.refresh());
  CHECK(at.keeper.status().state == CatalogCondition::fresh);
  CHECK_FALSE(at.keeper.status().error);
}

TEST_CASE("an asking that was called off says nothing about the registry") {
  Kept at;
  REQUIRE(at.bench.push_skill("notes_skill", "1.0.0"));
  REQUIRE(at.keeper.refresh());
  const auto stopped = at.keeper.refresh([] { return true; });
  if (!stopped) CHECK(stopped.error().code == ErrorCode::cancelled);
  CHECK(at.keeper.status().state == CatalogCondition::fresh);
}

TEST_CASE("a start without a network shows the last good catalogue with its age") {
  Kept at;
  REQUIRE(at.bench.push_skill("notes_skill", "1.0.0"));
  REQUIRE(at.keeper.refresh());
  at.clock.advance(std::chrono::minutes(1));
  REQUIRE(at.keeper.refresh());  // the same again
  fs::rename(at.bench.registry, at.away);
  at.clock.advance(std::chrono::hours(2));
  Mirror mirror(at.bench.directory.path() / "mirror", at.bench.registry.string(), at.clock);
  CatalogKeeper restarted(mirror, at.clock, std::chrono::hours(1), at.copy);
  restarted.start();
  CHECK(restarted.current()->entries.size() == 1);
  CHECK(restarted.status().state == CatalogCondition::stale);
  CHECK(*restarted.status().age_s == 7200);
  restarted.stop();
}

TEST_CASE("news are fetched by whom it was told to, once there is something to show") {
  Kept at;
  REQUIRE(at.bench.push_skill("notes_skill", "1.0.0"));
  CatalogKeeper keeper(at.mirror, at.clock, milliseconds(1), at.copy);
  std::atomic<int> told{0};
  std::atomic<bool> does{false};
  keeper.fetch_by([&] {
    ++told;
    return does && keeper.refresh();
  });
  const auto until = [](const char* what, const std::function<bool()>& holds) {
    for (int i = 0; i < 20'000 && !holds(); ++i) std::this_thread::sleep_for(milliseconds(1));
    CHECK_MESSAGE(holds(), what);
  };
  keeper.start();
  until("the first catalogue", [&] { return keeper.current() != nullptr; });
  at.clock.advance(std::chrono::minutes(1));
  until("an asking without news", [&] { return *keeper.status().age_s == 0; });
  CHECK(told == 0);  // neither for the first one nor for nothing
  const auto has = [&](const char* version) {
    return keeper.current()->entries.at(0).version == version;
  };
  REQUIRE(at.bench.push_skill("notes_skill", "1.1.0"));
  until("news although they could not be fetched as told", [&] { return has("1.1.0"); });
  CHECK(told == 1);
  does = true;
  REQUIRE(at.bench.push_skill("notes_skill", "1.2.0"));
  until("news as told", [&] { return has("1.2.0"); });
  CHECK(told == 2);
  fs::rename(at.bench.registry, at.away);
  until("offline", [&] { return keeper.status().state == CatalogCondition::offline; });
  CHECK(told == 2);
  keeper.stop();
}

TEST_CASE("the copy for other tools is what the registry has, and comes back when it is removed") {
  Kept at;
  REQUIRE(at.bench.push_skill("notes_skill", "1.0.0"));
  REQUIRE(at.keeper.refresh());
  CHECK(read_file(at.copy).value() == at.bench.registry_json());
  fs::remove(at.copy);
  REQUIRE(at.keeper.refresh());
  CHECK(read_file(at.copy).value() == at.bench.registry_json());
}

TEST_CASE("the versions of an artifact are what its commits published, newest first") {
  Kept at;
  REQUIRE(at.bench.push_skill("notes_skill", "1.0.0"));
  REQUIRE(at.bench.push_skill("other_skill", "1.0.0"));
  REQUIRE(at.bench.push_skill("notes_skill", "1.1.0", "description: two\n"));
  REQUIRE(at.bench.push_skill("other_skill", "2.0.0"));
  const auto commit = at.keeper.refresh().value()->commit;
  const auto notes = at.mirror.versions(commit, ArtifactKind::skill, "notes_skill").value();
  REQUIRE(notes.versions.size() == 2);
  CHECK(notes.whole);
  CHECK(notes.versions[0].version == "1.1.0");
  CHECK(notes.versions[1].version == "1.0.0");
  CHECK(notes.versions[1].subject.find("notes_skill") != std::string::npos);
  CHECK(at.mirror.versions(commit, ArtifactKind::skill, "nothing").value().versions.empty());
  const auto stopped =
      at.mirror.versions(commit, ArtifactKind::skill, "notes_skill", [] { return true; }).value();
  CHECK_FALSE(stopped.whole);
  CHECK(at.mirror
            .read_artifact_file(notes.versions[1].commit, ArtifactKind::skill, "notes_skill",
                                "skill.yaml", 1'000)
            .value()
            .find("1.0.0") != std::string::npos);
}

}  // namespace
}  // namespace hub::registry
