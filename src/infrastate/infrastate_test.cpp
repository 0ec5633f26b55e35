#include <doctest/doctest.h>

#include "infrastate/actions.hpp"
#include "infrastate/snapshot.hpp"
#include "registry/find_entry.hpp"

namespace hub::infrastate {
namespace {

InstalledArtifact installed(ArtifactKind kind, const std::string& name, const std::string& version,
                            std::vector<std::string> requires_skills = {}) {
  InstalledArtifact artifact;
  artifact.kind = kind;
  artifact.name = artifact.id = name;
  artifact.version = version;
  artifact.tree = "sha256:" + version;
  artifact.requires_skills = std::move(requires_skills);
  return artifact;
}

CatalogEntry published(ArtifactKind kind, const std::string& name, const std::string& version) {
  CatalogEntry entry;
  entry.kind = kind;
  entry.name = entry.id = name;
  entry.version = version;
  entry.tree = "sha256:" + version;
  return entry;
}

TEST_CASE("the inventory says what is newer and who needs what") {
  const std::vector here{installed(ArtifactKind::skill, "timer_skill", "1.0.0"),
                         installed(ArtifactKind::skill, "notes_skill", "1.1.0"),
                         installed(ArtifactKind::scenario, "brief", "1.0.0", {"notes_skill"})};
  Catalog catalog;
  catalog.entries = {published(ArtifactKind::skill, "timer_skill", "1.10.0"),
                     published(ArtifactKind::skill, "notes_skill", "1.1.0")};
  registry::index_entries(catalog);
  const auto skills = inventory(ArtifactKind::skill, here, &catalog);
  REQUIRE(skills.size() == 2);
  CHECK(skills[0].name == "notes_skill");
  CHECK(skills[0].used_by_scenarios == std::vector<std::string>{"brief"});
  CHECK(skills[0].uninstall_disabled);
  CHECK_FALSE(skills[0].update_available);
  CHECK(skills[1].update_available);
  CHECK(skills[1].remote_version == "1.10.0");
  const auto scenarios = inventory(ArtifactKind::scenario, here, nullptr);
  REQUIRE(scenarios.size() == 1);
  CHECK_FALSE(scenarios[0].remote_version);
}

TEST_CASE("the same version with other bytes is an update") {
  const std::vector here{installed(ArtifactKind::skill, "timer_skill", "1.0.0")};
  Catalog catalog;
  catalog.entries = {published(ArtifactKind::skill, "timer_skill", "1.0.0")};
  registry::index_entries(catalog);
  CHECK_FALSE(inventory(ArtifactKind::skill, here, &catalog)[0].update_available);
  catalog.entries[0].tree = "sha256:other";
  CHECK(inventory(ArtifactKind::skill, here, &catalog)[0].update_available);
}

TEST_CASE("the snapshot has Update skills & scenarios beside Marketplace") {
  const auto shown = snapshot({});
  const auto& actions = shown.at("update_actions").as_array();
  REQUIRE(actions.size() == 2);
  CHECK(actions[0].at("id") == "adaos_update");
  CHECK(actions[0].at("title") == "Update skills & scenarios");
  CHECK(actions[1].at("id") == "marketplace");
  CHECK(update_actions(3)[0].at("status") == "warn");
}

TEST_CASE("an action becomes the request it stands for") {
  ActionRequest action;
  action.id = "marketplace_install";
  action.value = {{"kind", "skill"}, {"id", "notes_skill"}};  // the older names of both members
  action.webspace_id = "default";
  action.idempotency_key = "click-1";
  const auto install = request_of(action);
  REQUIRE(install);
  CHECK(install->kind == OperationKind("skill.install"));
  CHECK(install->target_kind == "skill");
  CHECK(install->target_id == "notes_skill");
  CHECK(install->webspace_id == "desktop");
  CHECK(install->idempotency_key == "click-1");

  ActionRequest uninstall;
  uninstall.id = "scenario_uninstall";
  CHECK(request_of(uninstall).error().reason == "action_requires_name");
  uninstall.name = "brief";
  CHECK(request_of(uninstall)->kind == OperationKind("scenario.uninstall"));
  CHECK(request_of({.id = "adaos_update"})->kind == OperationKind("workspace.update"));
  CHECK(request_of({.id = "marketplace_install"}).error().reason ==
        "marketplace_install_requires_target");
  CHECK(request_of({.id = "fly"}).error().reason == "unsupported_action");
}

TEST_CASE("default is the older name of the webspace desktop") {
  CHECK(webspace_or_default("default") == "desktop");
  CHECK(webspace_or_default("") == "desktop");
  CHECK(webspace_or_default("kitchen") == "kitchen");
}

}  // namespace
}  // namespace hub::infrastate
