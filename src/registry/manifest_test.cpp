#include "registry/manifest.hpp"

#include <doctest/doctest.h>

#include "registry/normalise.hpp"
#include "registry/test_artifacts.hpp"

namespace hub::registry {
namespace {

Error refused(std::string_view text) {
  const auto read = parse_manifest(ArtifactKind::skill, text, "skills/x/skill.yaml");
  REQUIRE_FALSE(read);
  return read.error();
}

Manifest scenario(std::string_view text) {
  return parse_manifest(ArtifactKind::scenario, text, "scenario.yaml").value();
}

JsonNode entry_of(ArtifactKind kind, const std::string& directory, std::string_view text) {
  const auto manifest = parse_manifest(kind, text, "manifest").value();
  ArtifactTree tree;
  tree.digest = "sha256:00";
  tree.size_bytes = 12;
  tree.files.resize(2);
  return normalise(directory, manifest, tree, "2026-01-02T03:04:05+00:00");
}

TEST_CASE("every real manifest is read") {
  if (testing::real_data().empty()) {
    MESSAGE("skipped: no ../shared/data");
    return;
  }
  int read = 0;
  for (const auto& at : fs::recursive_directory_iterator(testing::real_data())) {
    const bool skill = at.path().filename() == "skill.yaml";
    if (!skill && at.path().filename() != "scenario.yaml") continue;
    const ArtifactKind kind = skill ? ArtifactKind::skill : ArtifactKind::scenario;
    const auto manifest = read_manifest(kind, at.path().parent_path());
    CHECK_MESSAGE(manifest, at.path().string());
    if (!manifest) continue;
    const JsonNode entry = normalise(at.path().parent_path().filename().string(), *manifest, {},
                                     "2026-01-02T03:04:05+00:00");
    CHECK(parse_json_text(to_json_text(entry), "entry").value() == entry);
    ++read;
  }
  CHECK(read >= 19);
}

TEST_CASE("a manifest that does not parse gives file, line and reason") {
  const Error error = refused("name: x\nversion: 1.0.0\n  tools: [\n");
  CHECK(error.code == ErrorCode::invalid);
  CHECK(error.reason == "manifest_yaml_syntax");
  CHECK(error.message.starts_with("cannot read skills/x/skill.yaml: line 3, column "));
  CHECK(error.details.at("file") == "skills/x/skill.yaml");
  CHECK(error.details.at("line") == 3);
}

TEST_CASE("each limit of a manifest has its own reason") {
  const auto nested = [](std::size_t levels) {
    return "a: " + std::string(levels, '[') + std::string(levels, ']');
  };
  CHECK(refused("- a\n- b\n").reason == "manifest_not_mapping");
  CHECK(refused("").reason == "manifest_not_mapping");
  CHECK(refused("a: 1\n---\nb: 2\n").reason == "manifest_multi_document");
  CHECK(refused("a: 1\nb: 2\na: 3\n").reason == "manifest_duplicate_key");
  CHECK(refused("a: 1\nb: 2\na: 3\n").details.at("line") == 3);
  CHECK(refused("a: !!python/object:os.system x\n").reason == "manifest_tag_forbidden");
  CHECK(refused("a: !mine x\n").reason == "manifest_tag_forbidden");
  CHECK(refused("a: \"\xff\"\n").reason == "manifest_not_utf8");
  CHECK(refused("a: " + std::string(300'000, 'x')).reason == "manifest_too_large");
  CHECK(refused(nested(40)).reason == "manifest_too_deep");
  CHECK(refused(nested(100'000)).reason == "manifest_too_deep");
  CHECK(refused("a: *nothing\n").reason == "manifest_yaml_syntax");
  CHECK(refused("a: &x [*x]\n").reason == "manifest_yaml_syntax");
  CHECK(refused("? [a]\n: b\n").reason == "manifest_yaml_syntax");
  CHECK(refused("a: \"\\0\x01\"\n").reason == "manifest_yaml_syntax");
  std::string many = "a:\n";
  for (int at = 0; at < 11'000; ++at) many += "- x\n";
  CHECK(refused(many).reason == "manifest_too_many_nodes");
}

TEST_CASE("aliases are paid for before they are copied") {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x]\n";
  for (int at = 1; at < 20; ++at) {
    const std::string before = "*a" + std::to_string(at - 1);
    bomb += "a" + std::to_string(at) + ": &a" + std::to_string(at) + " [" + before;
    for (int copy = 0; copy < 8; ++copy) bomb += ", " + before;
    bomb += "]\n";
  }
  CHECK(refused(bomb).reason == "manifest_too_many_nodes");
  std::string fat = "a: &a \"" + std::string(200'000, 'x') + "\"\nb: [*a";
  for (int at = 0; at < 1000; ++at) fat += ", *a";
  CHECK(refused(fat + "]\n").reason == "manifest_too_many_nodes");
}

TEST_CASE("a field of a wrong type is named with its place") {
  const Error error = refused("name: x\nversion:\n  major: 1\n");
  CHECK(error.reason == "field_type");
  CHECK(error.message == "cannot read skills/x/skill.yaml: line 3, column 3: version: want text");
  CHECK(refused("dependencies: {a: b}\n").details.at("field") == "dependencies");
  CHECK(parse_manifest(ArtifactKind::scenario, "runtime: python\n", "s").error().reason ==
        "field_type");
}

TEST_CASE("anchors, merge keys, folded scalars and dotted keys are understood") {
  const auto manifest = parse_manifest(ArtifactKind::skill,
                                       "base: &base {mode: lazy, when: &w [a]}\n"
                                       "description: один\n  два\n"
                                       "data.path: ^\\d+\\.\\w*$\n"
                                       "runtime:\n  activation:\n    <<: *base\n    mode: eager\n"
                                       "dependencies: ['--no-deps', 'x @ git+https://e/x@main']\n",
                                       "skill.yaml")
                            .value();
  CHECK(manifest.description == "один два");
  CHECK(manifest.root.find("data.path")->text == "^\\d+\\.\\w*$");
  const YamlNode* activation = manifest.root.find("runtime")->find("activation");
  CHECK(activation->find("mode")->text == "eager");
  CHECK(activation->find("when")->items.at(0).text == "a");
  CHECK(manifest.dependencies.size() == 2);
}

TEST_CASE("a skill may require skills too, by the same keys") {
  const auto manifest = parse_manifest(ArtifactKind::skill,
                                       "name: radio\nversion: 1.0.0\ndepends: [audio]\n"
                                       "runtime:\n  skills:\n    optional: [lights]\n",
                                       "skills/radio/skill.yaml");
  REQUIRE(manifest);
  CHECK(manifest->requires_skills == std::vector<std::string>{"audio"});
  CHECK(manifest->optional_skills == std::vector<std::string>{"lights"});
}

TEST_CASE("a scenario's skills come from depends, then runtime, each once") {
  const auto manifest = scenario(
      "id: s\ndepends: [a, b]\n"
      "runtime:\n  skills:\n    required: [b, c]\n    optional: [c, d, d]\n");
  CHECK(manifest.requires_skills == std::vector<std::string>{"a", "b", "c"});
  CHECK(manifest.optional_skills == std::vector<std::string>{"d"});
}

TEST_CASE("plain scalars become what YAML says they are") {
  const auto value = [](const std::string& text) {
    return to_json_text(to_json_node(*parse_yaml("a: " + text + "\n", "f").value().find("a")));
  };
  CHECK(value("yes") == "true");
  CHECK(value("False") == "false");
  CHECK(value("~") == "null");
  CHECK(value("12") == "12");
  CHECK(value("+7") == "7");
  CHECK(value("1.50") == "1.5");
  CHECK(value("1.0") == "1.0");
  CHECK(value("'12'") == "\"12\"");
  CHECK(value("!!str 12") == "\"12\"");
  CHECK(value("1.2.3") == "\"1.2.3\"");
  CHECK(value("007") == "\"007\"");
  CHECK(value(".inf") == "\".inf\"");
}

TEST_CASE("a skill's entry has the keys of registry.json in their order") {
  const JsonNode entry = entry_of(ArtifactKind::skill, "notes_skill",
                                  "tools:\n- name: add\n- name: list\n"
                                  "name: notes\nversion: 1.2.3\ntitle: Notes\n"
                                  "title_i18n: {en: Notes, ru: Заметки}\ntags: [home, text]\n"
                                  "description: Keeps notes\nentry: {script: handlers/main.py}\n"
                                  "runtime:\n  python: 3.10\n  activation:\n    mode: sometimes\n"
                                  "    startup_allowed: no\n    assessment: {x: y}\n"
                                  "updated_at: '2026-05-06T07:08:09+00:00'\n");
  CHECK(to_json_text(entry) == R"({
  "kind": "skill",
  "id": "notes",
  "name": "notes_skill",
  "version": "1.2.3",
  "updated_at": "2026-05-06T07:08:09+00:00",
  "path": "skills/notes_skill",
  "manifest": "skills/notes_skill/skill.yaml",
  "source": {
    "path": "skills/notes_skill",
    "manifest": "skills/notes_skill/skill.yaml"
  },
  "install": {
    "kind": "skill",
    "name": "notes_skill",
    "id": "notes"
  },
  "title": "Notes",
  "title_i18n": {
    "en": "Notes",
    "ru": "Заметки"
  },
  "description": "Keeps notes",
  "tags": [
    "home",
    "text"
  ],
  "manifest_id": "notes",
  "entry": "handlers/main.py",
  "runtime_python": "3.10",
  "activation": {
    "mode": "eager",
    "startup_allowed": false
  },
  "tools_count": 2,
  "integrity": {
    "tree": "sha256:00",
    "size": 12,
    "files": 2
  }
})");
}

TEST_CASE("a scenario's entry names its skills, and its id defaults to the directory") {
  const JsonNode entry = entry_of(ArtifactKind::scenario, "morning",
                                  "version: 1.0.0\nname: Утро\ntrigger: manual\ndepends: [notes]\n"
                                  "runtime: {skills: {optional: [timer]}}\n");
  CHECK(*entry.find_string("id") == "morning");
  CHECK(*entry.find_string("title") == "Утро");
  CHECK(*entry.find_string("updated_at") == "2026-01-02T03:04:05+00:00");
  CHECK(to_value(*entry.find("skills")) ==
        boost::json::parse(R"({"required": ["notes"], "optional": ["timer"]})"));
  CHECK(entry.find("manifest_id") == nullptr);
}

TEST_CASE("a missing or invalid version becomes a legacy one that says why") {
  const std::string text = "id: s\nversion: '0.2'\n";
  const std::string hex = to_hex(sha256(text));
  const JsonNode entry = entry_of(ArtifactKind::scenario, "s", text);
  CHECK(*entry.find_string("version") == "0.0.0-legacy." + hex.substr(0, 12));
  CHECK(to_value(*entry.find("compatibility")) ==
        boost::json::object{{"schema", "adaos.workspace.artifact_compatibility.v1"},
                            {"status", "migration_required"},
                            {"reason", "canonical_manifest_version_invalid"},
                            {"version_source", "canonical_manifest_digest"},
                            {"manifest_digest", "sha256:" + hex},
                            {"publishable", false},
                            {"declared_version", "0.2"}});
  const JsonNode bare = entry_of(ArtifactKind::scenario, "s", "id: s\n");
  CHECK(*bare.find("compatibility")->find_string("reason") == "canonical_manifest_version_missing");
}

TEST_CASE("names that cannot be directories everywhere are refused") {
  for (const char* good : {"a", "Weather_skill", "test_skill2025-10-17", "0day", "a.b-c_d"}) {
    CHECK_MESSAGE(check_name(good), good);
  }
  for (const char* bad : {"", ".", "..", ".hidden", "_x", "-x", "a/b", "a b", "п", "a\n"}) {
    CHECK_MESSAGE(check_name(bad).error().reason == "name_invalid", bad);
  }
  CHECK(check_name("Skills").error().reason == "name_reserved");
  CHECK(check_name("latest").error().reason == "name_reserved");
}

}  // namespace
}  // namespace hub::registry
