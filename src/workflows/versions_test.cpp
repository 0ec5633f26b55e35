// Updates, rollbacks, pins and versions that are held back.

#include "workflows/test_hub.hpp"
#include "workflows/version_choice.hpp"

namespace hub::workflows {
namespace {

using enum OperationStatus;
using testing::Hub;

std::string code_of(const Result<store::Accepted>& accepted) {
  return accepted ? "accepted" : accepted.error().reason;
}

InstalledArtifact row_of(const Hub& hub, const std::string& name,
                         ArtifactKind kind = ArtifactKind::skill) {
  return hub.store->find_installed(kind, name).value();
}

TEST_CASE("an update goes to the other slot, and a rollback back to the one before") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  hub.run("skill.install", "skill", "notes_skill");
  CHECK(row_of(hub, "notes_skill").slot == "A");
  CHECK(code_of(hub.ask("skill.rollback", "skill", "notes_skill")) == "no_previous_version");
  hub.publish("notes_skill", "2.0.0");
  const auto updated = hub.run("skill.update", "skill", "notes_skill");
  CHECK(updated.status == succeeded);
  CHECK(updated.result->at("previous_version") == "1.0.0");
  CHECK(updated.title_args.at("from") == "1.0.0");
  CHECK(updated.title_args.at("breaking") == true);
  CHECK(row_of(hub, "notes_skill").slot == "B");
  CHECK(row_of(hub, "notes_skill").previous->slot == "A");
  CHECK(hub.version_of("notes_skill") == "2.0.0");
  CHECK(hub.run("skill.update", "skill", "notes_skill").message.find("up to date") !=
        std::string::npos);

  const auto back = hub.run("skill.rollback", "skill", "notes_skill");
  CHECK(back.status == succeeded);
  CHECK(hub.version_of("notes_skill") == "1.0.0");
  CHECK(row_of(hub, "notes_skill").slot == "A");
  CHECK(read_file(hub.shelf.runtime("notes_skill") / "current_version").value() == "1.0.0");
  CHECK(hub.undo(back).status == succeeded);
  CHECK(hub.version_of("notes_skill") == "2.0.0");
  hub.run("skill.rollback", "skill", "notes_skill");
  hub.run("skill.rollback", "skill", "notes_skill");
  CHECK(hub.version_of("notes_skill") == "2.0.0");
}

TEST_CASE("a skill's own tests run when that is asked for, and hold back what fails them") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  hub.run("skill.install", "skill", "notes_skill");
  const auto tests = hub.published.sources / "notes_skill" / "tests";
  REQUIRE(make_directories(tests));
  REQUIRE(write_file_atomic(tests / "__init__.py", ""));
  REQUIRE(write_file_atomic(tests / "test_it.py",
                            "import unittest\n\nclass It(unittest.TestCase):\n"
                            "    def test_it(self):\n        self.assertEqual(1, 2)\n"));
  hub.publish("notes_skill", "1.1.0");
  CHECK(hub.ask("skill.update", "skill", "notes_skill", {{"run_tests", "yes"}}).error().reason ==
        "field_type");
  const auto failed = hub.run("skill.update", "skill", "notes_skill", {{"run_tests", true}});
  CHECK(failed.status == OperationStatus::failed);
  CHECK(failed.error->code == "SKILL_TESTS_FAILED");
  CHECK(hub.version_of("notes_skill") == "1.0.0");
  CHECK(code_of(hub.ask("skill.update", "skill", "notes_skill")) == "version_held");
  // Who names the version gets it, its tests left out.
  CHECK(hub.run("skill.install", "skill", "notes_skill", {{"pin", "1.1.0"}}).status == succeeded);
  CHECK(hub.version_of("notes_skill") == "1.1.0");
}

TEST_CASE("an undo of an update leaves the way back that there was before") {
  Hub hub;
  for (const char* version : {"1.0.0", "2.0.0", "3.0.0"}) {
    hub.publish("notes_skill", version);
    hub.run("skill.install", "skill", "notes_skill");
  }
  const auto last = hub.store->list({.target_id = "notes_skill", .limit = 1}).at(0);
  CHECK(hub.undo(last).status == succeeded);
  CHECK(hub.version_of("notes_skill") == "2.0.0");
  hub.open();  // sweeps what nobody needs
  CHECK(hub.run("skill.rollback", "skill", "notes_skill").status == succeeded);
  CHECK(hub.version_of("notes_skill") == "1.0.0");
}

TEST_CASE("what is not installed is not updated, and is not asked for in vain") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  CHECK(code_of(hub.ask("skill.update", "skill", "notes_skill")) == "not_installed");
  CHECK(code_of(hub.ask("skill.rollback", "skill", "notes_skill")) == "not_installed");
  CHECK(code_of(hub.ask("skill.pin", "skill", "notes_skill")) == "not_installed");
}

TEST_CASE("a pinned artifact stays until it is unpinned or another version is named") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  hub.publish("timer_skill", "1.0.0");
  hub.run("skill.install", "skill", "notes_skill");
  hub.run("skill.install", "skill", "timer_skill");
  CHECK(code_of(hub.ask("skill.pin", "skill", "notes_skill", {{"version", "9.0.0"}})) ==
        "pin_mismatch");
  const auto pinned = hub.run("skill.pin", "skill", "notes_skill");
  CHECK(pinned.status == succeeded);
  CHECK(row_of(hub, "notes_skill").pin == "1.0.0");
  hub.publish("notes_skill", "1.1.0");
  hub.publish("timer_skill", "1.1.0");
  CHECK(code_of(hub.ask("skill.update", "skill", "notes_skill")) == "pinned");
  const auto all = hub.run("workspace.update", "workspace", "workspace");
  CHECK(all.status == succeeded);
  REQUIRE(all.warnings);
  CHECK(all.warnings->at(0).find("it is pinned at 1.0.0") != std::string::npos);
  const auto& plan = all.title_args.at("artifacts").as_array();
  REQUIRE(plan.size() == 1);
  CHECK(plan[0].at("target") == "skill:timer_skill");
  CHECK(plan[0].at("from") == "1.0.0");
  CHECK(plan[0].at("to") == "1.1.0");
  CHECK(plan[0].at("breaking") == false);
  CHECK(plan[0].at("bytes").as_int64() > 0);
  CHECK(hub.version_of("notes_skill") == "1.0.0");
  CHECK(hub.version_of("timer_skill") == "1.1.0");
  SUBCASE("unpinned") {
    const auto freed = hub.run("skill.unpin", "skill", "notes_skill");
    CHECK_FALSE(row_of(hub, "notes_skill").pin);
    CHECK(hub.undo(freed).status == succeeded);
    CHECK(row_of(hub, "notes_skill").pin == "1.0.0");
    hub.run("skill.unpin", "skill", "notes_skill");
    CHECK(hub.run("skill.update", "skill", "notes_skill").status == succeeded);
  }
  SUBCASE("named") {
    const auto moved = hub.run("skill.update", "skill", "notes_skill", {{"pin", "1.1.0"}});
    CHECK(moved.status == succeeded);
    CHECK(row_of(hub, "notes_skill").pin == "1.1.0");
  }
}

TEST_CASE("an earlier version is installed as its commit published it, and stays") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  const auto commit = hub.catalog.current()->commit;
  hub.publish("timer_skill", "1.0.0");
  hub.publish("notes_skill", "1.1.0");
  std::string pin;
  SUBCASE("by its version") { pin = "1.0.0"; }
  SUBCASE("by its commit") { pin = commit.substr(0, 10); }
  const auto end = hub.run("skill.install", "skill", "notes_skill", {{"pin", pin}});
  CHECK(end.status == succeeded);
  CHECK(hub.version_of("notes_skill") == "1.0.0");
  CHECK(row_of(hub, "notes_skill").pin == "1.0.0");
  CHECK(row_of(hub, "notes_skill").commit == commit);
  const auto refused = hub.ask("skill.install", "skill", "notes_skill", {{"pin", "0.5.0"}});
  CHECK(code_of(refused) == "version_not_published");
  CHECK(refused.error().hint.find("1.1.0, 1.0.0") != std::string::npos);
  CHECK(code_of(hub.ask("skill.install", "skill", "notes_skill", {{"pin", 7}})) == "field_type");
}

TEST_CASE("a scenario goes back with the skills that it needs, or says which is missing") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  hub.publish("timer_skill", "1.0.0");
  hub.publish_scenario("brief", "1.0.0", "depends: [notes_skill]\n");
  hub.run("scenario.install", "scenario", "brief");
  hub.publish_scenario("brief", "2.0.0", "depends: [timer_skill]\n");
  CHECK(hub.run("scenario.update", "scenario", "brief").status == succeeded);
  CHECK(hub.version_of("timer_skill") == "1.0.0");
  CHECK(hub.run("skill.uninstall", "skill", "notes_skill").status == succeeded);
  CHECK(code_of(hub.ask("scenario.rollback", "scenario", "brief")) == "requires_missing");
  hub.run("skill.install", "skill", "notes_skill");
  CHECK(hub.run("scenario.rollback", "scenario", "brief").status == succeeded);
  CHECK(hub.version_of("brief", ArtifactKind::scenario) == "1.0.0");
}

TEST_CASE("a version that does not pass its tests here is held back, and the one before stays") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  hub.run("skill.install", "skill", "notes_skill");
  hub.publish("notes_skill", "1.1.0", "tools:\n  - name: not_there\n");
  const auto end = hub.run("skill.update", "skill", "notes_skill");
  REQUIRE(end.status == failed);
  CHECK(hub.version_of("notes_skill") == "1.0.0");
  const auto row = row_of(hub, "notes_skill");
  REQUIRE(row.held.size() == 1);
  CHECK(row.held[0].version == "1.1.0");
  CHECK(row.held[0].operation_id == end.operation_id);
  CHECK_FALSE(row.held[0].reason.empty());
  CHECK(code_of(hub.ask("skill.update", "skill", "notes_skill")) == "version_held");
  const auto all = hub.run("workspace.update", "workspace", "workspace");
  CHECK(all.message == "everything was up to date");
  REQUIRE(all.warnings);
  CHECK(all.warnings->at(0).find("failed here before") != std::string::npos);
  SUBCASE("asked for by name it is tried again") {
    const auto again = hub.run("skill.update", "skill", "notes_skill", {{"pin", "1.1.0"}});
    CHECK(again.status == failed);
    CHECK(row_of(hub, "notes_skill").held.size() == 1);
  }
  SUBCASE("a newer one is offered, and the held one stays held") {
    hub.publish("notes_skill", "1.2.0");
    CHECK(hub.run("skill.update", "skill", "notes_skill").status == succeeded);
    CHECK(row_of(hub, "notes_skill").held.size() == 1);  // 1.1.0 is as bad as before
  }
}

TEST_CASE("another major version breaks, and another minor one before 1.0") {
  CHECK(is_breaking("1.9.0", "2.0.0"));
  CHECK(is_breaking("0.1.9", "0.2.0"));
  CHECK_FALSE(is_breaking("0.1.0", "0.1.1"));
  CHECK_FALSE(is_breaking("1.0.0", "1.9.0"));
}

}  // namespace
}  // namespace hub::workflows
