// The recipes on a real registry, a real store and real files.

#include <doctest/doctest.h>

#include "workflows/test_hub.hpp"

namespace hub::workflows {
namespace {

using enum OperationStatus;
using testing::Hub;
using testing::somebody;

TEST_CASE("an install can be taken back: what it replaced stands there again") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  const auto first = hub.run("skill.install", "skill", "notes_skill");
  CHECK(first.status == succeeded);
  CHECK(first.can_undo);
  CHECK(first.priority == Priority::interactive);
  hub.publish("notes_skill", "2.0.0");
  const auto second = hub.run("skill.install", "skill", "notes_skill");
  CHECK(hub.version_of("notes_skill") == "2.0.0");
  hub.open();  // the start sweeps, and leaves what an undo needs
  CHECK(hub.manager->undo(first.operation_id, somebody).error().details.at("why") ==
        "changed_since");
  CHECK(hub.undo(second).status == succeeded);
  CHECK(hub.version_of("notes_skill") == "1.0.0");
}

TEST_CASE("a directory that somebody put there is taken over whole, and comes back") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  const auto place = hub.shelf.installed(ArtifactKind::skill, "notes_skill");
  REQUIRE(make_directories(place));
  REQUIRE(write_file_atomic(place / "mine.txt", "dear diary"));
  const auto end = hub.run("skill.install", "skill", "notes_skill");
  CHECK(end.status == succeeded);
  CHECK(hub.version_of("notes_skill") == "1.0.0");
  const auto row = hub.store->find_installed(ArtifactKind::skill, "notes_skill").value();
  REQUIRE(row.previous);
  const auto kept = hub.shelf.source_of(row.previous->place);
  CHECK(read_file(kept / "mine.txt").value() == "dear diary");
  SUBCASE("an undo puts it back") {
    CHECK(hub.undo(end).status == succeeded);
    CHECK(read_file(place / "mine.txt").value() == "dear diary");
    CHECK_FALSE(hub.store->find_installed(ArtifactKind::skill, "notes_skill"));
  }
  SUBCASE("neither updates nor an uninstall nor a start remove it") {
    for (const char* version : {"1.1.0", "1.2.0", "1.3.0"}) {
      hub.publish("notes_skill", version);
      CHECK(hub.run("skill.install", "skill", "notes_skill").status == succeeded);
    }
    CHECK(hub.run("skill.uninstall", "skill", "notes_skill").status == succeeded);
    hub.open();
    CHECK(read_file(kept / "mine.txt").value() == "dear diary");
  }
}

TEST_CASE("an uninstall keeps the data of a skill, unless it is asked to take it along") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  hub.run("skill.install", "skill", "notes_skill");
  const auto data = hub.shelf.runtime("notes_skill") / "v1.0/data/files/kept.txt";
  REQUIRE(make_directories(data.parent_path()));
  REQUIRE(write_file_atomic(data, "kept"));
  OperationRequest wanted;
  wanted.kind = OperationKind("skill.uninstall");
  wanted.target_kind = "skill";
  wanted.target_id = "notes_skill";
  bool purges = false;
  SUBCASE("keeps") {}
  SUBCASE("takes along") { purges = true; }
  wanted.params["purge_data"] = purges;
  const auto gone = hub.end_of(hub.manager->accept(wanted));
  CHECK(gone.status == succeeded);
  CHECK(fs::exists(data) == !purges);
  CHECK(hub.undo(gone).status == succeeded);
  CHECK(read_file(data).value() == "kept");
  CHECK(read_file(hub.shelf.runtime("notes_skill") / "current_version").value() == "1.0.0");
}

TEST_CASE("an uninstall can be taken back, with the pip packages it had") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  hub.run("skill.install", "skill", "notes_skill");
  const auto installed = hub.store->find_installed(ArtifactKind::skill, "notes_skill").value();
  const auto packages = hub.shelf.packages_of(installed.place);
  REQUIRE(make_directories(packages));
  REQUIRE(write_file_atomic(packages / "module.py", "x = 1"));
  const auto gone = hub.run("skill.uninstall", "skill", "notes_skill");
  CHECK(gone.status == succeeded);
  CHECK(hub.version_of("notes_skill") == "none");
  CHECK_FALSE(fs::exists(packages));
  CHECK(hub.undo(gone).status == succeeded);
  CHECK(hub.version_of("notes_skill") == "1.0.0");
  CHECK(read_file(packages / "module.py").value() == "x = 1");
}

TEST_CASE("a scenario does not come back without the skills that it had") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  hub.publish_scenario("brief", "1.0.0", "depends: [notes_skill]\n");
  CHECK(hub.run("scenario.install", "scenario", "brief").status == succeeded);
  CHECK(hub.version_of("notes_skill") == "1.0.0");
  const auto gone = hub.run("scenario.uninstall", "scenario", "brief");
  CHECK(gone.status == succeeded);
  CHECK(hub.run("skill.uninstall", "skill", "notes_skill").status == succeeded);
  const auto refused = hub.undo(gone);
  CHECK(refused.status == failed);
  CHECK(refused.error->code == "REQUIRES_MISSING");
  CHECK(hub.version_of("brief", ArtifactKind::scenario) == "none");
  CHECK(hub.run("skill.install", "skill", "notes_skill").status == succeeded);
  CHECK(hub.undo(gone).status == succeeded);
  CHECK(hub.version_of("brief", ArtifactKind::scenario) == "1.0.0");
}

TEST_CASE("a scenario with its skills is taken back whole, unless somebody needs one of them") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  hub.publish_scenario("brief", "1.0.0", "depends: [notes_skill]\n");
  hub.publish_scenario("diary", "1.0.0", "depends: [notes_skill]\n");
  const auto brief = hub.run("scenario.install", "scenario", "brief");
  SUBCASE("nobody does") {
    CHECK(hub.undo(brief).status == succeeded);
    CHECK(hub.version_of("notes_skill") == "none");
  }
  SUBCASE("another scenario does: it stays, and that is said") {
    hub.run("scenario.install", "scenario", "diary");
    const auto undone = hub.undo(brief);
    CHECK(undone.status == succeeded);
    CHECK(undone.result->at("kept") == boost::json::array{"notes_skill"});
    CHECK(undone.warnings->at(0) == "skill notes_skill stays: scenario diary requires it");
    CHECK(hub.version_of("notes_skill") == "1.0.0");
  }
  SUBCASE("it was updated since: it stays") {
    hub.publish("notes_skill", "1.1.0");
    hub.run("skill.update", "skill", "notes_skill");
    const auto undone = hub.undo(brief);
    CHECK(undone.status == succeeded);
    CHECK(undone.result->at("kept") == boost::json::array{"notes_skill"});
    CHECK(hub.version_of("notes_skill") == "1.1.0");
  }
  CHECK(hub.version_of("brief", ArtifactKind::scenario) == "none");
}

TEST_CASE("an update brings everything up to date, each as an operation of its own") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  hub.publish("timer_skill", "1.0.0");
  hub.publish_scenario("brief", "1.0.0", "depends: [notes_skill]\n");
  hub.run("scenario.install", "scenario", "brief");
  hub.run("skill.install", "skill", "timer_skill");
  hub.publish("notes_skill", "1.1.0");
  hub.publish_scenario("brief", "1.1.0", "depends: [notes_skill, extra_skill]\n");
  SUBCASE("all of it") {
    hub.publish("extra_skill", "1.0.0");
    const auto end = hub.run("workspace.update", "workspace", "workspace");
    CHECK(end.status == succeeded);
    CHECK(end.message == "2 artifacts are updated");
    CHECK(end.effects == Effects::applied);
    CHECK(end.result->at("updated") == 2);
    CHECK(end.result->at("failed").as_array().empty());
    CHECK(end.result->at("more_available") == 0);
    CHECK(hub.version_of("notes_skill") == "1.1.0");
    CHECK(hub.version_of("timer_skill") == "1.0.0");
    CHECK(hub.version_of("extra_skill") == "1.0.0");  // came along
    CHECK(hub.version_of("brief", ArtifactKind::scenario) == "1.1.0");
    const auto children = hub.store->children_of(end.operation_id);
    REQUIRE(children.size() == 2);
    CHECK(children[0].kind.text() == "skill.update");
    CHECK(children[1].kind.text() == "scenario.update");
    CHECK(*children[0].finished_at <= *children[1].started_at);
    CHECK(hub.run("workspace.update", "workspace", "workspace").message ==
          "everything was up to date");
  }
  SUBCASE("what cannot be planned is said, and the rest is done") {
    const auto end = hub.run("workspace.update", "workspace", "workspace");
    CHECK(end.status == succeeded);
    CHECK(end.result->at("updated") == 1);
    CHECK(end.warnings->at(0).find("extra_skill") != std::string::npos);
    CHECK(hub.version_of("brief", ArtifactKind::scenario) == "1.0.0");
  }
}

TEST_CASE("an update of which one part fails keeps the others, and names it") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  hub.publish("timer_skill", "1.0.0");
  hub.run("skill.install", "skill", "notes_skill");
  hub.run("skill.install", "skill", "timer_skill");
  hub.publish("notes_skill", "1.1.0");
  hub.publish("timer_skill", "1.1.0", "dependencies: ['--no-index', 'no_such_package==1.0']\n");
  const auto end = hub.run("workspace.update", "workspace", "workspace");
  CHECK(end.status == failed);
  CHECK(end.error->code == "UPDATE_INCOMPLETE");
  CHECK(end.message.find("1 of 2 failed: skill:timer_skill") != std::string::npos);
  CHECK(end.error->causes->at(0).code == "DEPENDENCIES_FAILED");
  CHECK(end.effects == Effects::partial);
  CHECK(end.result->at("updated") == 1);
  const auto& one = end.result->at("failed").at(0);
  CHECK(one.at("target") == "skill:timer_skill");
  CHECK(one.at("error").at("code") == "DEPENDENCIES_FAILED");
  const auto child = hub.store->find(OperationId(std::string(one.at("operation_id").as_string())));
  REQUIRE(child);
  CHECK(child->status == failed);
  CHECK(child->parent_id == end.operation_id);
  CHECK(hub.version_of("notes_skill") == "1.1.0");
  CHECK(hub.version_of("timer_skill") == "1.0.0");
  CHECK(hub.logs->read(child->operation_id, 0).text.find("prepare: pip: ") != std::string::npos);
  // Its retry asks for the same, though nobody is its parent any more.
  hub.publish("timer_skill", "1.2.0");
  const auto again = hub.end_of(hub.manager->retry(child->operation_id, somebody));
  CHECK(again.status == failed);
  CHECK(again.error->code == "DEPENDENCIES_FAILED");
}

TEST_CASE("a client cannot bring its own pins") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  InstallIntent other;
  other.commit = "0000";
  other.artifacts.emplace_back().name = "evil";
  OperationRequest wanted;
  wanted.kind = OperationKind("skill.install");
  wanted.target_kind = "skill";
  wanted.target_id = "notes_skill";
  wanted.params = pinned_params(other);
  wanted.params.erase("pin");
  const auto end = hub.end_of(hub.manager->accept(wanted));
  CHECK(end.status == succeeded);
  CHECK(hub.version_of("notes_skill") == "1.0.0");
}

TEST_CASE("a look ahead at an install tells its size and that it can be taken back") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  OperationRequest wanted;
  wanted.kind = OperationKind("skill.install");
  wanted.target_kind = "skill";
  wanted.target_id = "notes_skill";
  const auto seen = hub.manager->preview(wanted);
  REQUIRE(seen);
  CHECK(seen->bytes.value_or(0) > 0);
  CHECK(seen->reversible);
  CHECK(seen->undo_window == std::chrono::hours(24));
}

TEST_CASE("what the hub's copy of the registry has lost is fetched again, and waited for") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  hub.publish("clock_skill", "1.0.0");
  const fs::path away = hub.published.registry.string() + ".away";
  REQUIRE(remove_tree(hub.base / "mirror"));  // as after a restore into an empty folder
  CHECK(hub.run("skill.install", "skill", "notes_skill").status == succeeded);
  REQUIRE(remove_tree(hub.base / "mirror"));
  fs::rename(hub.published.registry, away);
  const auto accepted = hub.ask("skill.install", "skill", "clock_skill");
  const auto id = accepted.value().state.operation_id;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  for (;;) {
    const auto state = hub.manager->find(id).value();
    if (state.reason && state.reason->code == "retry_backoff") break;
    REQUIRE_FALSE(is_terminal(state.status));
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  fs::rename(away, hub.published.registry);
  CHECK(hub.end_of(accepted).status == succeeded);
  CHECK(hub.version_of("clock_skill") == "1.0.0");
}

TEST_CASE("what a failed install prepared is thrown away") {
  Hub hub;
  hub.publish("bad_skill", "1.0.0", "dependencies: ['--no-index', 'no_such_package==1.0']\n");
  const auto end = hub.run("skill.install", "skill", "bad_skill");
  CHECK(end.status == failed);
  CHECK(hub.version_of("bad_skill") == "none");
  hub.manager->stop();  // the janitor finishes first
  CHECK_FALSE(hub.has_staging(end));
}

}  // namespace
}  // namespace hub::workflows
