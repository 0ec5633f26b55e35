// migration.run over a real hub: what it takes, what it leaves, and the way back.
#include "migration/test_workspace.hpp"
#include "workflows/test_hub.hpp"

namespace hub::workflows::testing {
namespace {

using migration::testing::TestWorkspace;

// Every file with its text, and every link with its target.
std::map<std::string, std::string> contents_of(const fs::path& root) {
  std::map<std::string, std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const auto path = entry.path().lexically_relative(root).string();
    if (entry.is_symlink()) {
      found[path] = "-> " + fs::read_symlink(entry.path()).string();
    } else {
      found[path] = entry.is_directory() ? "folder" : read_file(entry.path()).value();
    }
  }
  return found;
}

struct Bench : Hub {
  TestWorkspace adaos{published.directory.path() / "adaos"};

  OperationState migrate(const fs::path& source) {
    return run("migration.run", "workspace", "adaos", {{"source", source.string()}});
  }
  OperationState migrate() { return migrate(adaos.root()); }
  std::string refusal(const fs::path& source) {
    const auto asked = ask("migration.run", "workspace", "adaos", {{"source", source.string()}});
    return asked ? "accepted" : asked.error().reason;
  }
  static std::string packages(const OperationState& state, const std::string& name) {
    for (const auto& item : state.result->at("items").as_array()) {
      if (item.at("name") == Json(name)) return item.at("packages").as_string().c_str();
    }
    return {};
  }
  // "adopted", "requires_missing", …
  static std::string fate(const OperationState& state, const std::string& name) {
    for (const auto& item : state.result->at("items").as_array()) {
      if (item.at("name") != Json(name)) continue;
      const auto* code = item.as_object().if_contains("code");
      return std::string(code ? code->as_string() : item.at("fate").as_string());
    }
    return "unknown";
  }
};

TEST_CASE_FIXTURE(Bench, "a workspace is taken over with its data, and the original stays") {
  adaos.skill("lamp", "1.2.0", "B");
  adaos.scenario("evening", "0.3.0", "lamp");
  const auto before = contents_of(adaos.root());
  const auto state = migrate();
  REQUIRE_MESSAGE(state.status == OperationStatus::succeeded, state.message);
  CHECK(contents_of(adaos.root()) == before);
  CHECK(version_of("lamp") == "1.2.0");
  CHECK(version_of("evening", ArtifactKind::scenario) == "0.3.0");
  const auto lamp = store->find_installed(ArtifactKind::skill, "lamp").value();
  CHECK(lamp.slot == "B");
  CHECK(read_file(shelf.data("lamp") / "files/notes.txt") == "dear diary of lamp\n");
  CHECK(read_file(shelf.runtime("lamp") / "current_version") == "1.2.0");
  CHECK(fate(state, "lamp") == "adopted");
  CHECK(state.message.find("2 taken over") != std::string::npos);

  SUBCASE("a second run finds all there") {
    const auto again = migrate();
    CHECK(fate(again, "lamp") == "present");
    CHECK(again.effects == Effects::none);
  }
  SUBCASE("an undo takes all of it back") {
    const auto undone = undo(state);
    REQUIRE_MESSAGE(undone.status == OperationStatus::succeeded, undone.message);
    CHECK(version_of("lamp") == "none");
    CHECK(version_of("evening", ArtifactKind::scenario) == "none");
    CHECK_FALSE(fs::exists(shelf.runtime("lamp")));
    CHECK(migrate().status == OperationStatus::succeeded);
    CHECK(version_of("lamp") == "1.2.0");
  }
  SUBCASE("it is not taken back from under a scenario that has come since") {
    publish_scenario("night", "1.0.0", "depends:\n  - lamp\n");
    REQUIRE(run("scenario.install", "scenario", "night").status == OperationStatus::succeeded);
    CHECK(manager->undo(state.operation_id, somebody).error().reason == "operation_not_undoable");
    CHECK(version_of("lamp") == "1.2.0");
  }
  SUBCASE("what it took is updated from the registry like anything else") {
    publish("lamp", "1.3.0");
    CHECK(run("skill.update", "skill", "lamp").status == OperationStatus::succeeded);
    CHECK(version_of("lamp") == "1.3.0");
    CHECK(run("skill.rollback", "skill", "lamp").status == OperationStatus::succeeded);
    CHECK(version_of("lamp") == "1.2.0");
    CHECK(read_file(shelf.data("lamp") / "files/notes.txt") == "dear diary of lamp\n");
  }
}

TEST_CASE_FIXTURE(Bench, "what is here already is left as it is") {
  publish("lamp", "1.0.0");
  REQUIRE(run("skill.install", "skill", "lamp").status == OperationStatus::succeeded);
  adaos.skill("lamp", "1.2.0");
  adaos.skill("clock", "1.0.0");
  const auto state = migrate();
  REQUIRE_MESSAGE(state.status == OperationStatus::succeeded, state.message);
  CHECK(fate(state, "lamp") == "already_installed");
  CHECK(fate(state, "clock") == "adopted");
  CHECK(version_of("lamp") == "1.0.0");
  CHECK_FALSE(fs::exists(shelf.data("lamp") / "files/notes.txt"));
}

TEST_CASE_FIXTURE(Bench, "data that lies here of an earlier skill is kept aside, and comes back") {
  REQUIRE(make_directories(shelf.data("lamp")));
  REQUIRE(write_file_atomic(shelf.data("lamp") / "old.txt", "of an earlier life"));
  adaos.skill("lamp", "1.2.0");
  const auto state = migrate();
  REQUIRE_MESSAGE(state.status == OperationStatus::succeeded, state.message);
  CHECK_FALSE(fs::exists(shelf.data("lamp") / "old.txt"));
  CHECK(read_file(shelf.all_slots() / "kept/runtime" / ("lamp." + state.operation_id.text()) /
                  "data/old.txt") == "of an earlier life");
  REQUIRE(undo(state).status == OperationStatus::succeeded);
  CHECK(read_file(shelf.data("lamp") / "old.txt") == "of an earlier life");
  CHECK_FALSE(fs::exists(shelf.data("lamp") / "files"));
}

TEST_CASE_FIXTURE(Bench, "a skill that does not run here is left out, and what needs it") {
  adaos.skill("lamp", "1.2.0");
  adaos.skill("broken", "1.0.0");
  adaos.write("workspace/skills/.runtime/broken/v1.0/slots/A/src/skills/broken/handlers/main.py",
              "import no_such_module\n");
  adaos.scenario("evening", "0.3.0", "broken");
  const auto state = migrate();
  REQUIRE_MESSAGE(state.status == OperationStatus::succeeded, state.message);
  CHECK(fate(state, "lamp") == "adopted");
  CHECK(fate(state, "broken") == "import_failed");
  CHECK(fate(state, "evening") == "requires_missing");
  CHECK(version_of("broken") == "none");
  CHECK_FALSE(fs::exists(shelf.runtime("broken")));
}

TEST_CASE_FIXTURE(Bench,
                  "packages that AdaOS has made are taken along; those that fail are made anew") {
  adaos.skill("table", "1.0.0", "A", "dependencies: ['--no-index', 'thing']\n");
  const std::string runtime = "workspace/skills/.runtime/table/v1.0/";
  adaos.write(runtime + "slots/A/src/skills/table/handlers/main.py", "import thing\n");
  adaos.write(runtime + "vendor/thing.py", "value = 7\n");
  const auto tables = adaos.root() / "workspace/skills/table_skill";
  fs::copy(fs::path(HUB_SOURCE_DIR) / "examples/registry/skills/table_skill", tables,
           fs::copy_options::recursive);
  adaos.write("workspace/skills/.runtime/table_skill/current_version", "1.1.0");
  adaos.write("workspace/skills/.runtime/table_skill/v1.1/vendor/adaos_sample_tables/__init__.py",
              "raise ImportError('made for another Python')\n");
  const auto state = migrate();
  REQUIRE_MESSAGE(state.status == OperationStatus::succeeded, state.message);
  CHECK(packages(state, "table") == "copied");
  CHECK(packages(state, "table_skill") == "installed");
  const auto table = store->find_installed(ArtifactKind::skill, "table").value();
  CHECK(read_file(shelf.packages_of(table.place) / "thing.py") == "value = 7\n");
}

TEST_CASE_FIXTURE(Bench, "when nothing runs here, it fails and nothing is left") {
  adaos.skill("broken", "1.0.0");
  adaos.write("workspace/skills/.runtime/broken/v1.0/slots/A/src/skills/broken/handlers/main.py",
              "import no_such_module\n");
  const auto state = migrate();
  CHECK(state.status == OperationStatus::failed);
  CHECK(state.error->code == "IMPORT_FAILED");
  CHECK(store->installed().empty());
}

TEST_CASE_FIXTURE(Bench,
                  "the hub's own directory, on which AdaOS has worked, is taken over in place") {
  const TestWorkspace here(base);
  here.skill("lamp", "1.2.0");
  here.scenario("evening", "0.3.0", "lamp");
  const auto own = [&] {
    auto all = contents_of(base / "workspace");
    std::erase_if(all, [](const auto& one) { return one.first.starts_with(".slots"); });
    return all;
  };
  const auto before = own();
  const auto state = migrate(base);
  REQUIRE_MESSAGE(state.status == OperationStatus::succeeded, state.message);
  CHECK(version_of("lamp") == "1.2.0");
  CHECK(fs::is_symlink(shelf.installed(ArtifactKind::skill, "lamp")));
  CHECK(read_file(shelf.data("lamp") / "files/notes.txt") == "dear diary of lamp\n");
  const auto again = migrate(base);
  CHECK(fate(again, "lamp") == "present");
  REQUIRE(undo(state).status == OperationStatus::succeeded);
  CHECK(own() == before);
}

TEST_CASE_FIXTURE(Bench, "what is no AdaOS workspace is refused, and says why") {
  adaos.skill("lamp", "1.2.0");
  CHECK(refusal("relative") == "source_not_absolute");
  CHECK(refusal(published.directory.path() / "nowhere") == "source_missing");
  CHECK(refusal(adaos.root() / "workspace") == "source_not_a_workspace");
  CHECK(refusal(published.directory.path() / "sources") != "accepted");
  adaos.write("state/hub.db", "");
  CHECK(refusal(adaos.root()) == "source_is_a_hub");
  const TestWorkspace inside(base / "dev" / "adaos");
  inside.skill("lamp", "1.2.0");
  CHECK(refusal(inside.root()) == "source_overlaps");
}

}  // namespace
}  // namespace hub::workflows::testing
