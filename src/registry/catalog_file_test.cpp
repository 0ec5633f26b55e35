#include "registry/catalog_file.hpp"

#include <doctest/doctest.h>

#include "registry/find_entry.hpp"
#include "registry/test_artifacts.hpp"

namespace hub::registry {
namespace {

JsonNode node(std::string_view text) { return parse_json_text(text, "node").value(); }

CatalogFile file_of(std::string_view text) { return CatalogFile::parse(std::string(text)).value(); }

Catalog catalog_of(std::string_view text) { return file_of(text).catalog("", "", from_millis(0)); }

std::string reason_of(std::string_view bytes) {
  const auto read = CatalogFile::parse(std::string(bytes));
  return read ? "accepted" : read.error().reason;
}

TEST_CASE("the real catalogue is written back byte for byte, but for version 1 becoming 2") {
  const fs::path path = testing::real_data() / "registry-real/registry.json";
  if (testing::real_data().empty()) {
    MESSAGE("skipped: no ../shared/data");
    return;
  }
  const std::string published = read_file(path).value();
  std::string expected = published;
  expected.replace(expected.find("\"version\": 1"), 12, "\"version\": 2");
  CHECK(file_of(published).bytes() == expected);
  CHECK(file_of(expected).bytes() == expected);

  if (!testing::has_python()) return;
  const auto ran = run_process(
      {.arguments = {"python3", "-c",
                     "import json,sys\n"
                     "value = json.loads(sys.stdin.buffer.read().decode())\n"
                     "value['version'] = 2\n"
                     "for kind in 'skills', 'scenarios':\n"
                     "    value[kind].sort(key=lambda e: (e['name'].lower(), e['name']))\n"
                     "text = json.dumps(value, indent=2, ensure_ascii=False) + '\\n'\n"
                     "sys.stdout.buffer.write(text.encode())"},
       .input = published});
  CHECK(file_of(published).bytes() == ran.value().output);
}

TEST_CASE("the real catalogue is read whole, nothing quarantined") {
  if (testing::real_data().empty()) {
    MESSAGE("skipped: no ../shared/data");
    return;
  }
  const Catalog catalog =
      catalog_of(read_file(testing::real_data() / "registry-real/registry.json").value());
  CHECK(catalog.entries.size() == 36);
  CHECK(catalog.quarantined.empty());
  const auto vision = find_entry(catalog, ArtifactKind::scenario, "NEW_FACE_VISION_SCENARIO");
  REQUIRE(vision);
  CHECK(vision->name == "new_face_vision");
  CHECK(vision->requires_skills == std::vector<std::string>{"new_face_vision_skill"});
  CHECK(reason_of(read_file(testing::real_data() / "registry-2025/registry.json").value()) ==
        "catalog_empty");
}

constexpr std::string_view small = R"({
  "version": 1,
  "updated_at": "2026-07-08T16:01:47+00:00",
  "projects": [{"kind": "project", "weight": 1.50}],
  "scenarios": [],
  "skills": [
    {"kind": "skill", "id": "b", "name": "b", "version": "1.0.0", "channels": {"stable": {}},
     "x_custom": 1e3, "publisher": {"owner_id": "ada"}, "title": "Old", "entry": "old.py",
     "source": {"path": "skills/b", "forge": "github"}},
    {"kind": "skill", "id": "Z", "name": "Z", "version": "1.0.0"},
    {"kind": "skill", "id": "_c", "name": "a_c", "version": "1.0.0"}
  ]
})";

TEST_CASE("keys and arrays get their order, and unknown keys stay as found") {
  const std::string bytes = file_of(small).bytes();
  const auto at = [&](const char* text) { return bytes.find(text); };
  CHECK(at("\"version\": 2") < at("\"updated_at\""));
  CHECK(at("\"updated_at\"") < at("\"skills\""));
  CHECK(at("\"skills\"") < at("\"scenarios\""));
  CHECK(at("\"scenarios\"") < at("\"projects\""));
  CHECK(at("\"name\": \"a_c\"") < at("\"name\": \"b\""));
  CHECK(at("\"name\": \"b\"") < at("\"name\": \"Z\""));
  CHECK(at("\"weight\": 1.50") != std::string::npos);
}

TEST_CASE("an upsert replaces what the manifest says and keeps the rest") {
  CatalogFile file = file_of(small);
  file.upsert(ArtifactKind::skill,
              node(R"({"kind": "skill", "id": "b", "name": "b", "version": "1.1.0",
                       "updated_at": "2026-08-01T00:00:00+00:00", "path": "skills/b",
                       "source": {"path": "skills/b"}, "title": "New",
                       "integrity": {"tree": "sha256:00", "size": 1, "files": 1}})"));
  const auto entry = file.entry(ArtifactKind::skill, "b");
  REQUIRE(entry);
  CHECK(entry->keys == std::vector<std::string>{"kind", "id", "name", "version", "updated_at",
                                                "path", "source", "title", "publisher", "channels",
                                                "integrity", "x_custom"});
  CHECK(*entry->find_string("title") == "New");
  CHECK(entry->find("entry") == nullptr);
  CHECK(entry->find("x_custom")->text == "1e3");
  CHECK(*entry->find("source")->find_string("forge") == "github");
  CHECK(file.bytes().find("\"updated_at\": \"2026-08-01T00:00:00+00:00\",\n  \"skills\"") !=
        std::string::npos);
}

TEST_CASE("the top-level time only moves forward") {
  const auto after = [](const char* time) {
    CatalogFile file = file_of(small);
    JsonNode entry = node(R"({"kind": "skill", "id": "n", "name": "n", "version": "1.0.0"})");
    entry.set("updated_at", JsonNode::string(time));
    file.upsert(ArtifactKind::skill, entry);
    const std::string bytes = file.bytes();
    const auto at = bytes.find("\"updated_at\": \"") + 15;
    return bytes.substr(at, bytes.find('"', at) - at);
  };
  CHECK(after("2020-01-01T00:00:00+00:00") == "2026-07-08T16:01:47+00:00");
  CHECK(after("yesterday") == "2026-07-08T16:01:47+00:00");
  CHECK(after("2026-07-08T19:01:48+03:00") == "2026-07-08T16:01:48+00:00");
  CHECK(after("2026-09-01T00:00:00.123456Z") == "2026-09-01T00:00:00+00:00");
}

TEST_CASE("a new entry goes to its place and the same upsert twice gives the same bytes") {
  CatalogFile file = file_of(small);
  const JsonNode entry = node(R"({"kind": "skill", "id": "B2", "name": "B2", "version": "1.0.0",
                                  "updated_at": "2026-08-01T00:00:00+00:00"})");
  file.upsert(ArtifactKind::skill, entry);
  const std::string once = file.bytes();
  file.upsert(ArtifactKind::skill, entry);
  CHECK(file.bytes() == once);
  CHECK(file_of(once).bytes() == once);
  CHECK(once.find("\"name\": \"b\"") < once.find("\"name\": \"B2\""));
}

TEST_CASE("a catalogue that cannot be trusted is refused with its reason") {
  CHECK(reason_of("") == "catalog_empty");
  CHECK(reason_of("[]") == "catalog_type");
  CHECK(reason_of(R"({"version": 3})") == "catalog_unsupported_version");
  CHECK(reason_of(R"({"version": "2"})") == "catalog_unsupported_version");
  CHECK(reason_of(R"({"version": 2, "skills": {}})") == "catalog_type");
  CHECK(reason_of(R"({"version": 2, "skills": [)") == "json_truncated");
  CHECK(reason_of(R"({"skills": [], "skills": []})") == "json_duplicate_key");
  CHECK(reason_of("{}") == "accepted");
}

TEST_CASE("one bad entry is quarantined with its reason and the rest loads") {
  const Catalog catalog = catalog_of(R"({"version": 2, "skills": [
    {"name": "good", "version": "1.0.0"},
    {"name": "GOOD", "version": "2.0.0"},
    {"name": "thief", "id": "victim", "version": "1.0.0"},
    {"name": "victim", "version": "1.0.0"},
    {"name": "../up", "version": "1.0.0"},
    {"name": "typed", "version": 3},
    {"name": "tagged", "version": "1.0.0", "tags": "home"},
    "text",
    {"install": {"name": "older"}, "version": "1.0.0", "title": null}
  ], "scenarios": [{"name": "good", "version": "1.0.0", "skills": {"required": ["good"]}}]})");
  std::vector<std::string> names, reasons;
  for (const auto& entry : catalog.entries) names.push_back(to_text(entry.kind) + ":" + entry.name);
  for (const auto& bad : catalog.quarantined) reasons.push_back(bad.name + " " + bad.reason);
  std::ranges::sort(reasons);
  CHECK(std::ranges::count(names, "skill:victim") == 1);
  CHECK(std::ranges::count(names, "skill:older") == 1);
  CHECK(std::ranges::count(names, "scenario:good") == 1);
  CHECK(names.size() == 4);
  std::string all;
  for (const auto& reason : reasons) all += reason + ", ";
  CHECK(all ==
        " entry_type, ../up name_invalid, good alias_conflict, tagged field_type, "
        "thief alias_conflict, typed field_type, ");
  for (const auto& bad : catalog.quarantined) {
    if (bad.name == "thief") CHECK(bad.message.find("victim") != std::string::npos);
  }
}

TEST_CASE("an alias of somebody else's is refused before it is published") {
  const CatalogFile file = file_of(small);
  CHECK(file.check_aliases(ArtifactKind::skill, "b", "b"));
  CHECK(file.check_aliases(ArtifactKind::skill, "fresh", "fresh"));
  CHECK(file.check_aliases(ArtifactKind::skill, "B", "B").error().reason == "alias_conflict");
  CHECK(file.check_aliases(ArtifactKind::skill, "d", "_C").error().details.at("other") == "a_c");
  CHECK(file.check_aliases(ArtifactKind::scenario, "B", "B"));
}

TEST_CASE("an unknown skill comes back with the nearest names") {
  const Catalog catalog = catalog_of(R"({"skills": [
    {"name": "weather_skill"}, {"name": "notes_skill", "id": "notebook"}, {"name": "timer"}],
    "scenarios": [{"name": "weather_board"}]})");
  CHECK(find_entry(catalog, ArtifactKind::skill, "NoteBook").value().name == "notes_skill");
  const auto missed = find_entry(catalog, ArtifactKind::skill, "wether_skill");
  REQUIRE_FALSE(missed);
  CHECK(missed.error().code == ErrorCode::not_found);
  CHECK(missed.error().reason == "unknown_skill");
  CHECK(missed.error().hint == "did you mean weather_skill?");
  CHECK(missed.error().details.at("suggestions") == boost::json::parse(R"(["weather_skill"])"));
  CHECK(find_entry(catalog, ArtifactKind::scenario, "timer").error().reason == "unknown_scenario");
}

}  // namespace
}  // namespace hub::registry
