// What an install brings along: all of it or none, by operations that can be looked at.

#include <algorithm>

#include <doctest/doctest.h>

#include "base/hash.hpp"
#include "workflows/install.hpp"
#include "workflows/test_hub.hpp"

namespace hub::workflows {
namespace {

using enum OperationStatus;
using testing::Hub;
using testing::somebody;

const char* const cannot_prepare = "dependencies: ['--no-index', 'no_such_package==1.0']\n";

OperationState install(Hub& hub, const std::string& scenario) {
  return hub.run("scenario.install", "scenario", scenario);
}

TEST_CASE("what a scenario requires is installed by children, each after what it requires itself") {
  Hub hub;
  hub.publish("bulb", "1.0.0");
  hub.publish("lamp", "1.0.0", "depends: [bulb]\n");
  hub.publish("radio", "1.0.0");
  hub.publish("here", "1.0.0");
  hub.run("skill.install", "skill", "here");
  hub.publish_scenario("evening", "1.0.0",
                       "depends: [lamp, here]\nruntime: {skills: {optional: [radio]}}\n");
  OperationRequest wanted;
  wanted.kind = OperationKind("scenario.install");
  wanted.target_kind = "scenario";
  wanted.target_id = "evening";
  const auto seen = hub.manager->preview(wanted);
  REQUIRE(seen);
  CHECK(seen->reversible);
  const auto& brings = seen->state.title_args.at("brings").as_array();
  REQUIRE(brings.size() == 3);
  CHECK(brings[0].at("target") == "skill:bulb");
  CHECK(brings[1].at("target") == "skill:radio");
  CHECK(brings[1].at("optional") == true);
  CHECK(brings[2].at("target") == "skill:lamp");
  CHECK(brings[2].at("version") == "1.0.0");
  CHECK(brings[2].at("bytes").as_int64() > 0);

  const auto end = install(hub, "evening");
  CHECK(end.status == succeeded);
  CHECK(end.effects == Effects::applied);
  CHECK(end.result->at("skills").as_array().size() == 3);
  const auto children = hub.store->children_of(end.operation_id);
  REQUIRE(children.size() == 3);
  for (const auto& child : children) {
    CHECK(child.kind.text() == "skill.install");
    CHECK(child.status == succeeded);
    CHECK(*child.finished_at <= *end.finished_at);
  }
  CHECK(*children[0].finished_at <= *children[2].started_at);  // the lamp after its bulb
  CHECK(hub.store->notifications("desktop", 10).back().operation_id == end.operation_id);
  CHECK(hub.store->find_installed(ArtifactKind::skill, "lamp")->requires_skills ==
        std::vector<std::string>{"bulb"});
  const auto refused = hub.ask("skill.uninstall", "skill", "bulb");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "cannot uninstall skill bulb: skill lamp requires it");
  SUBCASE("an undo takes all of it back") {
    const auto undone = hub.undo(end);
    CHECK(undone.status == succeeded);
    CHECK(hub.store->children_of(undone.operation_id).size() == 3);
    CHECK(hub.version_of("bulb") == "none");
    CHECK(hub.version_of("here") == "1.0.0");
    return;
  }
  // Nothing is missing any more: no children.
  const auto again = install(hub, "evening");
  CHECK(hub.store->children_of(again.operation_id).empty());
  CHECK(again.steps.size() == 4);
}

TEST_CASE("a skill brings the skills that it requires") {
  Hub hub;
  hub.publish("bulb", "1.0.0");
  hub.publish("lamp", "1.0.0", "depends: [bulb]\n");
  const auto end = hub.run("skill.install", "skill", "lamp");
  CHECK(end.status == succeeded);
  CHECK(hub.store->children_of(end.operation_id).size() == 1);
  CHECK(hub.version_of("bulb") == "1.0.0");
  CHECK(hub.undo(end).status == succeeded);
  CHECK(hub.version_of("bulb") == "none");
  CHECK(hub.version_of("lamp") == "none");
}

TEST_CASE("circles and what nobody has published are refused before anything is stored") {
  Hub hub;
  hub.publish("bulb", "1.0.0", "depends: [lamp]\n");
  hub.publish("lamp", "1.0.0", "depends: [bulb]\n");
  hub.publish_scenario("evening", "1.0.0", "depends: [lamp]\n");
  hub.publish_scenario("morning", "1.0.0", "depends: [radio, clock]\n");
  const auto circle = hub.ask("scenario.install", "scenario", "evening");
  REQUIRE_FALSE(circle);
  CHECK(circle.error().reason == "dependency_cycle");
  CHECK(circle.error().message.ends_with("lamp -> bulb -> lamp"));
  const auto missing = hub.ask("scenario.install", "scenario", "morning");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().details.at("missing") == boost::json::array{"radio", "clock"});
  CHECK(hub.store->list({}).empty());
}

TEST_CASE("a required skill that fails: all that came along is undone, by operations") {
  Hub hub;
  hub.publish("lamp", "1.0.0");
  hub.publish("sensor", "1.0.0", cannot_prepare);
  hub.publish_scenario("evening", "1.0.0", "depends: [lamp, sensor]\n");
  const auto end = install(hub, "evening");
  CHECK(end.status == failed);
  CHECK(end.error->code == "REQUIRED_SKILL_FAILED");
  CHECK(end.error->details.at("skill") == "sensor");
  CHECK(end.error->causes->at(0).code == "DEPENDENCIES_FAILED");
  CHECK(hub.version_of("lamp") == "none");
  CHECK(hub.version_of("sensor") == "none");
  CHECK(hub.version_of("evening", ArtifactKind::scenario) == "none");
  auto children = hub.store->children_of(end.operation_id);
  const OperationId named(std::string(end.error->details.at("operation_id").as_string()));
  CHECK(std::ranges::find(children, named, &OperationState::operation_id)->target_id == "sensor");
  // The lamp was undone, or ended before it was there.
  for (const auto& child : children) {
    if (child.target_id != "lamp" || child.undo_of || child.status != succeeded) continue;
    CHECK(std::ranges::any_of(children, [&](const OperationState& undo) {
      return undo.undo_of == child.operation_id && undo.status == succeeded;
    }));
  }
  // What is mended is found by a retry.
  hub.publish("sensor", "1.0.1");
  const auto again = hub.end_of(hub.manager->retry(end.operation_id, somebody));
  CHECK(again.status == succeeded);
  CHECK(hub.version_of("sensor") == "1.0.1");
}

TEST_CASE("an optional skill that fails is a warning") {
  Hub hub;
  hub.publish("lamp", "1.0.0");
  hub.publish("radio", "1.0.0", cannot_prepare);
  hub.publish_scenario("evening", "1.0.0",
                       "depends: [lamp]\nruntime: {skills: {optional: [radio, gone]}}\n");
  const auto end = install(hub, "evening");
  CHECK(end.status == succeeded);
  REQUIRE(end.warnings->size() == 2);
  CHECK(end.warnings->at(0).find("gone") != std::string::npos);
  CHECK(end.warnings->at(1).starts_with("skill radio, which is optional, is not installed: "));
  CHECK(hub.version_of("lamp") == "1.0.0");
  CHECK(hub.version_of("radio") == "none");
}

TEST_CASE("optional skills can be left out, and do not come back with an update") {
  Hub hub;
  hub.publish("radio", "1.0.0");
  const std::string more = "depends: []\nruntime: {skills: {optional: [radio]}}\n";
  hub.publish_scenario("evening", "1.0.0", more);
  const auto end = hub.run("scenario.install", "scenario", "evening", {{"without_optional", true}});
  CHECK(end.status == succeeded);
  CHECK(hub.version_of("radio") == "none");
  hub.publish_scenario("evening", "1.1.0", more);
  CHECK(hub.run("scenario.update", "scenario", "evening").status == succeeded);
  CHECK(hub.version_of("radio") == "none");
}

TEST_CASE("two scenarios that share a skill: it is installed once") {
  Hub hub;
  hub.publish("lamp", "1.0.0");
  hub.publish_scenario("evening", "1.0.0", "depends: [lamp]\n");
  hub.publish_scenario("morning", "1.0.0", "depends: [lamp]\n");
  const auto first = hub.ask("scenario.install", "scenario", "evening");
  const auto second = hub.ask("scenario.install", "scenario", "morning");
  const auto one = hub.end_of(first), two = hub.end_of(second);
  CHECK(one.status == succeeded);
  CHECK(two.status == succeeded);
  CHECK(hub.store->children_of(one.operation_id).size() == 1);
  CHECK(hub.store->children_of(two.operation_id).empty());
}

TEST_CASE("an uninstall tells which skills nothing requires any more") {
  Hub hub;
  hub.publish("lamp", "1.0.0");
  hub.publish("radio", "1.0.0");
  hub.publish_scenario("evening", "1.0.0", "depends: [lamp, radio]\n");
  hub.publish_scenario("morning", "1.0.0", "depends: [lamp]\n");
  install(hub, "evening");
  install(hub, "morning");
  const auto gone = hub.run("scenario.uninstall", "scenario", "evening");
  CHECK(gone.result->at("unused_skills") == boost::json::array{"radio"});
  CHECK(hub.version_of("radio") == "1.0.0");
}

TEST_CASE("an install that a hub before version 3 has begun is finished as it was") {
  Hub hub;
  hub.publish("lamp", "1.0.0");
  hub.publish_scenario("evening", "1.0.0", "depends: [lamp]\n");
  const Tools tools{hub.catalog, hub.shelf, *hub.store, hub.clock};
  const Install recipe(ArtifactKind::scenario, Purpose::install, tools);
  CHECK(recipe.follows(2));
  CHECK_FALSE(recipe.follows(1));
  OperationRequest wanted;
  wanted.kind = recipe.kind();
  wanted.target_kind = "scenario";
  wanted.target_id = "evening";
  auto plan = recipe.resolve(wanted).value();
  auto old = from_json<InstallIntent>(plan.intent, "intent").value();
  old.artifacts.insert(old.artifacts.begin(), old.brings->front().skill);
  old.brings.reset();
  hub.manager.reset();
  store::NewOperation stored;
  auto& state = stored.state;
  state.operation_id = OperationId("op_" + uuid_v7(to_millis(hub.clock.now())));
  state.kind = wanted.kind;
  state.target_kind = "scenario";
  state.target_id = "evening";
  state.webspace_id = "desktop";
  state.initiator = somebody;
  state.can_cancel = true;
  for (const auto& step : recipe.steps(to_json(old))) {
    state.steps.push_back({step.name, StepStatus::pending, step.weight, {}, {}});
  }
  CHECK(state.steps.front().name == "fetch skill:lamp");
  stored.kind_version = 2;
  stored.fingerprint = "old";
  stored.request = boost::json::object{{"params", boost::json::object()}};
  stored.intent = to_json(old);
  stored.locks = plan.locks;
  const auto accepted = hub.store->accept(stored);
  hub.open();
  const auto end = hub.end_of(accepted);
  CHECK(end.status == succeeded);
  CHECK(hub.version_of("lamp") == "1.0.0");
  CHECK(hub.version_of("evening", ArtifactKind::scenario) == "1.0.0");
  CHECK(hub.undo(end).status == succeeded);
  CHECK(hub.version_of("lamp") == "none");
}

}  // namespace
}  // namespace hub::workflows
