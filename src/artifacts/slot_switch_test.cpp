#include "artifacts/slot_switch.hpp"

#include <doctest/doctest.h>

#include "artifacts/adaos_markers.hpp"
#include "artifacts/resolved_manifest.hpp"
#include "artifacts/slots.hpp"

namespace hub::artifacts {
namespace {

constexpr ArtifactKind skill = ArtifactKind::skill;
const OperationId first("op_1"), second("op_2"), third("op_3");

struct Bench {
  TemporaryDirectory directory;
  Shelf shelf{directory.path()};

  std::string put(const std::string& slot, const OperationId& id, const std::string& text) const {
    const auto place = Shelf::new_place(skill, "notes", slot, id);
    write(shelf.source_of(place) / "skill.yaml", text);
    write(shelf.packages_of(place) / "module.py", "packages of " + text);
    return place;
  }
  static void write(const fs::path& file, const std::string& text) {
    REQUIRE(make_directories(file.parent_path()));
    REQUIRE(write_file_atomic(file, text));
  }
  SlotSwitch switch_to(const std::string& place, const OperationId& id,
                       const std::string& version_before = {}) const {
    auto plan = plan_switch(shelf, skill, "notes", place);
    REQUIRE(plan);
    if (plan->before == StoodThere::folder) {
      plan->aside = Shelf::new_place(skill, "notes", "A", id);
      plan->version = version_before;
    }
    REQUIRE(switch_in(shelf, *plan, id));
    REQUIRE(switch_in(shelf, *plan, id));  // as after a crash
    CHECK(is_switched(shelf, *plan));
    return *plan;
  }
  void switch_back(const SlotSwitch& plan, const OperationId& id) const {
    REQUIRE(artifacts::switch_back(shelf, plan, id));
    REQUIRE(artifacts::switch_back(shelf, plan, id));
  }
  std::string name() const { return shelf.installed(skill, "notes").string(); }
  std::string shown(const char* file = "skill.yaml") const {
    return read_file(fs::path(name()) / file).value_or("nothing");
  }
};

TEST_CASE("a switch shows source and packages of one version, and can be taken back") {
  const Bench bench;
  const auto one = bench.switch_to(bench.put("A", first, "1.0.0"), first);
  CHECK(bench.shown() == "1.0.0");
  const auto two = bench.switch_to(bench.put("B", second, "2.0.0"), second);
  CHECK(bench.shown() == "2.0.0");
  CHECK(bench.shown("../packages/module.py") == "packages of 2.0.0");
  bench.switch_back(two, second);
  CHECK(bench.shown("../packages/module.py") == "packages of 1.0.0");
  bench.switch_back(one, first);
  CHECK_FALSE(is_there(bench.name()));
}

TEST_CASE("who has resolved the link goes on reading a whole version") {
  const Bench bench;
  bench.switch_to(bench.put("A", first, "1.0.0"), first);
  const auto resolved = fs::canonical(bench.name());
  bench.switch_to(bench.put("B", second, "2.0.0"), second);
  bench.switch_to(bench.put("A", third, "3.0.0"), third);
  CHECK(read_file(resolved / "skill.yaml").value() == "1.0.0");
  CHECK(read_file(resolved / "../packages/module.py").value() == "packages of 1.0.0");
  CHECK(bench.shown() == "3.0.0");
}

TEST_CASE("a plain directory is taken over with its packages, and comes back as it was") {
  const Bench bench;
  Bench::write(fs::path(bench.name()) / "skill.yaml", "0.9.0");
  Bench::write(fs::path(bench.name()) / "notes of mine.txt", "dear diary");
  Bench::write(bench.shelf.vendor("notes", "0.9.0") / "module.py", "old packages");
  const auto plan = bench.switch_to(bench.put("B", first, "1.0.0"), first, "0.9.0");
  CHECK(plan.before == StoodThere::folder);
  CHECK(bench.shown() == "1.0.0");
  CHECK(read_file(bench.shelf.source_of(plan.aside) / "notes of mine.txt").value() == "dear diary");
  CHECK(read_file(bench.shelf.packages_of(plan.aside) / "module.py").value() == "old packages");
  bench.switch_back(plan, first);
  CHECK(fs::is_directory(fs::symlink_status(bench.name())));
  CHECK(bench.shown("notes of mine.txt") == "dear diary");
  CHECK(read_file(bench.shelf.vendor("notes", "0.9.0") / "module.py").value() == "old packages");
  CHECK_FALSE(is_there(bench.shelf.place(plan.aside)));
}

TEST_CASE("a link that somebody made is put back as it was written") {
  const Bench bench;
  Bench::write(bench.directory.path() / "elsewhere/skill.yaml", "of somebody");
  REQUIRE(make_directories(fs::path(bench.name()).parent_path()));
  fs::create_directory_symlink("../../elsewhere", bench.name());
  const auto plan = bench.switch_to(bench.put("A", first, "1.0.0"), first);
  bench.switch_back(plan, first);
  CHECK(fs::read_symlink(bench.name()) == "../../elsewhere");
  CHECK(bench.shown() == "of somebody");
}

TEST_CASE("a copy of the base directory knows what was placed in it, and takes it back") {
  const Bench bench, copy;
  const auto plan = bench.switch_to(bench.put("A", first, "1.0.0"), first);
  fs::copy(bench.directory.path(), copy.directory.path(),
           fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  CHECK(is_switched(copy.shelf, plan));
  copy.switch_back(plan, first);
  CHECK_FALSE(is_there(copy.name()));
}

TEST_CASE("a file where an artifact is to be is refused, and files that are gone are named") {
  const Bench bench;
  Bench::write(bench.name(), "a file");
  CHECK(plan_switch(bench.shelf, skill, "notes", "x").error().reason == "file_in_the_way");
  fs::remove(bench.name());
  const auto plan = plan_switch(bench.shelf, skill, "notes", "skills/notes/A.op_9");
  CHECK(switch_in(bench.shelf, plan.value(), first).error().reason == "slot_missing");
}

TEST_CASE("a place goes when neither the store nor an operation needs it") {
  const Bench bench;
  const auto active = bench.put("A", first, "1.0.0");
  bench.put("B", second, "2.0.0");
  bench.put("A", third, "3.0.0");
  Bench::write(bench.shelf.all_slots() / "kept/skills/notes.op_0/source/mine.txt", "mine");
  const auto going = [&](const SlotsNeeded& needed) {
    std::set<std::string> names;
    for (const auto& path : unneeded(bench.shelf, list_places(bench.shelf), needed)) {
      names.insert(path.filename().string());
    }
    return names;
  };
  CHECK(going({{active}, {second}, {}}) == std::set<std::string>{"A.op_3"});
  CHECK(going({{active}, {second}, {"skill:notes"}}).empty());
  CHECK(going({}).size() == 3);  // and never what was here before us
}

InstalledArtifact installed(const std::string& version, const std::string& slot,
                            const std::string& place) {
  InstalledArtifact artifact;
  artifact.name = "notes";
  artifact.version = version;
  artifact.slot = slot;
  artifact.place = place;
  return artifact;
}

TEST_CASE("AdaOS's markers lead to the slots, and follow an update and a way back") {
  const Bench bench;
  auto one = installed("1.0.0", "A", bench.put("A", first, "1.0.0"));
  auto two = installed("1.2.0", "B", bench.put("B", second, "1.2.0"));
  two.previous = deployment_of(one);
  const auto runtime = bench.shelf.runtime("notes");
  const auto read = [&](const char* path) { return read_file(runtime / path).value_or("nothing"); };
  Bench::write(runtime / "v1.0/data/files/kept.txt", "kept");
  write_markers(bench.shelf, two);
  Bench::write(runtime / "current_version.next", "1.");  // of a hub that died
  fs::create_symlink("A", runtime / "v1.2/slots/current.next");
  write_markers(bench.shelf, two);
  CHECK_FALSE(is_there(runtime / "current_version.next"));
  CHECK_FALSE(is_there(runtime / "v1.2/slots/current.next"));
  CHECK(read("current_version") == "1.2.0");
  CHECK(read("v1.2/active") == "B");
  CHECK(read("v1.2/slots/B/src/skills/notes/skill.yaml") == "1.2.0");
  CHECK(read("v1.2/slots/current/src/skills/notes/skill.yaml") == "1.2.0");
  CHECK(read("v1.2/vendor/module.py") == "packages of 1.2.0");
  CHECK(read("v1.0/slots/A/src/skills/notes/skill.yaml") == "1.0.0");
  const auto previous = boost::json::parse(read("previous_runtime.json"));
  CHECK(previous.at("version") == "1.0.0");
  CHECK(previous.at("slot") == "A");
  CHECK(previous.at("runtime_bucket") == "v1.0");
  write_markers(bench.shelf, one);
  CHECK(read("current_version") == "1.0.0");
  CHECK_FALSE(is_there(runtime / "v1.2"));
  CHECK_FALSE(is_there(runtime / "previous_runtime.json"));
  REQUIRE(remove_markers(bench.shelf, "notes"));
  CHECK_FALSE(is_there(runtime / "current_version"));
  CHECK(read("v1.0/data/files/kept.txt") == "kept");
}

TEST_CASE("AdaOS finds the tools of a prepared version in its resolved manifest") {
  const Bench bench;
  const auto place = bench.put("A", first, "1.0.0");
  Bench::write(bench.shelf.source_of(place) / "skill.yaml", R"(name: notes
version: 1.0.0
runtime: {python: '3.11'}
permissions: [network]
secrets: [API_KEY]
events: {subscribe: [sys.ready]}
tools:
- name: add
  entry: handlers.main:add_note
  timeout: 5
  input_schema: {type: object}
)");
  REQUIRE(write_resolved_manifest(bench.shelf, place));
  const auto one = installed("1.0.0", "A", place);
  write_markers(bench.shelf, one);
  const auto link = bench.shelf.runtime("notes") / "v1.0/slots/A/resolved.manifest.json";
  const auto seen = boost::json::parse(read_file(link).value());
  CHECK(seen.at("name") == "notes");
  CHECK(seen.at("version") == "1.0.0");
  CHECK(seen.at("slot") == "A");
  CHECK(seen.at("default_tool") == "add");
  CHECK(fs::exists(fs::path(std::string(seen.at("source").as_string())) / "skill.yaml"));
  CHECK(fs::exists(fs::path(std::string(seen.at("runtime").at("interpreter").as_string()))));
  CHECK(seen.at("runtime").at("python_paths").as_array().size() == 1);
  CHECK(seen.at("secrets").at(0) == "${secret:API_KEY}");
  CHECK(seen.at("events").at("subscribe").at(0) == "sys.ready");
  const auto& tool = seen.at("tools").at("add");
  CHECK(tool.at("module") == "handlers.main");
  CHECK(tool.at("callable") == "add_note");
  CHECK(tool.at("timeout_seconds") == 5);
  CHECK(tool.at("retries") == 1);
  CHECK(tool.at("permissions").at(0) == "network");
  CHECK(tool.at("schema").at("input").at("type") == "object");
  CHECK(tool.at("schema").at("output").is_null());
  REQUIRE(remove_markers(bench.shelf, "notes"));
  CHECK_FALSE(is_there(link));
}

TEST_CASE("markers that a killed hub left are removed, and AdaOS's own bucket stays") {
  const Bench bench;
  const auto one = installed("1.0.0", "A", bench.put("A", first, "1.0.0"));
  const auto runtime = bench.shelf.runtime("notes");
  Bench::write(runtime / "v1.1/active", "B");  // its link was removed before the hub died
  Bench::write(runtime / "v0.9/active", "A");
  Bench::write(runtime / "v0.9/slots/A/runtime/.keep", "managed by adaos");
  write_markers(bench.shelf, one);
  CHECK_FALSE(is_there(runtime / "v1.1"));
  CHECK(is_there(runtime / "v0.9/active"));
  CHECK(read_file(runtime / "current_version").value() == "1.0.0");
}

TEST_CASE("a skill leaves its data behind, or takes it along, and comes back with it") {
  const Bench bench;
  const auto runtime = bench.shelf.runtime("notes");
  const auto kept = bench.directory.path() / "kept";
  Bench::write(runtime / "v1.0/data/db/skill_env.json", "{}");
  Bench::write(runtime / "v1.0/venv/pyvenv.cfg", "of AdaOS");
  bool with_data = false;
  SUBCASE("leaves it") {}
  SUBCASE("takes it along") { with_data = true; }
  const auto data = with_data ? SkillData::goes : SkillData::stays;
  REQUIRE(take_runtime_away(bench.shelf, "notes", kept, data));
  REQUIRE(take_runtime_away(bench.shelf, "notes", kept, data));
  CHECK(is_there(runtime / "v1.0/data/db/skill_env.json") == !with_data);
  CHECK_FALSE(is_there(runtime / "v1.0/venv"));
  REQUIRE(put_runtime_back(bench.shelf, "notes", kept));
  CHECK(read_file(runtime / "v1.0/data/db/skill_env.json").value() == "{}");
  CHECK(read_file(runtime / "v1.0/venv/pyvenv.cfg").value() == "of AdaOS");
}

TEST_CASE("a bucket has the numbers of the version, as AdaOS reads it") {
  CHECK(bucket_of("0.1.7-rc1") == "v0.1");
  CHECK(bucket_of("v2") == "v2.0");
  CHECK(bucket_of("1.10.2") == "v1.10");
  CHECK(bucket_of("latest") == "unversioned");
}

}  // namespace
}  // namespace hub::artifacts
