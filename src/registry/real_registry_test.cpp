// The AdaOS registry as it was published, against what we make of its manifests. The data is not
// part of the project: without it these tests say so and do nothing.

#include <map>
#include <set>

#include <doctest/doctest.h>

#include "registry/catalog_file.hpp"
#include "registry/catalog_reader.hpp"
#include "registry/json_difference.hpp"
#include "registry/manifest.hpp"
#include "registry/normalise.hpp"
#include "registry/test_artifacts.hpp"

namespace hub::registry {
namespace {

constexpr ArtifactKind kinds[] = {ArtifactKind::skill, ArtifactKind::scenario};

bool data_is_there() {
  if (!testing::real_data().empty()) return true;
  MESSAGE("skipped: no ../shared/data");
  return false;
}

// Every manifest below one of the two registries: "skills/x" -> its directory.
std::map<std::string, fs::path> artifacts_of(const fs::path& registry, ArtifactKind kind) {
  std::map<std::string, fs::path> found;
  for (const auto& at : fs::directory_iterator(registry / directory_of(kind))) {
    if (fs::exists(at.path() / manifest_file_of(kind))) {
      found[at.path().filename().string()] = at.path();
    }
  }
  return found;
}

// "skills/x field" of every difference, the digests apart, which no entry of the time had.
std::map<std::string, std::string> differences() {
  const fs::path root = testing::real_data() / "registry-real";
  const auto live = CatalogFile::parse(read_file(root / "registry.json").value()).value();
  std::map<std::string, std::string> found;
  for (const auto kind : kinds) {
    for (const auto& [name, directory] : artifacts_of(root, kind)) {
      const auto entry = live.entry(kind, name);
      const std::string path = directory_of(kind) + "/" + name;
      if (!entry) {
        found[path + " entry"] = "there is none";
        continue;
      }
      const auto manifest = read_manifest(kind, directory).value();
      JsonNode ours = normalise(name, manifest, {}, "2026-01-02T03:04:05+00:00");
      ours.erase("integrity");
      for (const auto& key : differing_keys(to_json_text(*entry), to_json_text(ours))) {
        const auto value = [&key](const JsonNode& of) {
          const JsonNode* node = of.find(key.substr(0, key.find('.')));
          return node ? to_json_text(*node) : std::string("nothing");
        };
        found[path + " " + key] = value(*entry) + " -> " + value(ours);
      }
    }
  }
  return found;
}

// Each difference and why it is right; docs/formats/registry.md has the same table.
enum class Why {
  other_commit,  // the manifest is of another commit than the catalogue: its version differs, too
  no_titles,     // the writer of version 1 left out titles that manifests have
  not_yet        // published after the catalogue
};
const std::map<std::string, Why> explained{
    {"scenarios/media_center entry", Why::not_yet},
    {"scenarios/new_face_vision title", Why::no_titles},
    {"scenarios/new_face_vision updated_at", Why::other_commit},
    {"scenarios/new_face_vision version", Why::other_commit},
    {"scenarios/prompt_engineer_scenario title", Why::no_titles},
    {"scenarios/web_desktop skills.required", Why::other_commit},
    {"scenarios/web_desktop title", Why::no_titles},
    {"scenarios/web_desktop title_i18n", Why::no_titles},
    {"scenarios/web_desktop updated_at", Why::other_commit},
    {"scenarios/web_desktop version", Why::other_commit},
    {"skills/adaos_connect updated_at", Why::other_commit},
    {"skills/adaos_connect version", Why::other_commit},
    {"skills/browsers_skill updated_at", Why::other_commit},
    {"skills/browsers_skill version", Why::other_commit},
    {"skills/infra_access_skill updated_at", Why::other_commit},
    {"skills/infra_access_skill version", Why::other_commit},
    {"skills/notebook_skill updated_at", Why::other_commit},
    {"skills/notebook_skill version", Why::other_commit},
    {"skills/rasa_nlu_service_skill updated_at", Why::other_commit},
    {"skills/rasa_nlu_service_skill version", Why::other_commit},
    {"skills/weather_skill description", Why::other_commit},
    {"skills/weather_skill tools_count", Why::other_commit},
    {"skills/weather_skill updated_at", Why::other_commit},
    {"skills/weather_skill version", Why::other_commit},
};

// An explanation is held to what it says.
bool holds(Why why, const std::string& what, const std::string& values,
           const std::map<std::string, std::string>& found) {
  const std::string path = what.substr(0, what.find(' '));
  switch (why) {
    case Why::other_commit: return found.contains(path + " version");
    case Why::no_titles:
      return what.find(" title") != std::string::npos && values.starts_with("nothing -> ");
    case Why::not_yet: return what == path + " entry";
  }
  return false;  // not reached: every reason is named above
}

TEST_CASE("entries of the live registry are those of their manifests, but for what is explained") {
  if (!data_is_there()) return;
  const auto found = differences();
  for (const auto& [what, values] : found) {
    const auto why = explained.find(what);
    CHECK_MESSAGE(why != explained.end(), what, ": ", values);
    if (why != explained.end()) CHECK_MESSAGE(holds(why->second, what, values, found), what);
  }
  for (const auto& [what, why] : explained) {
    CHECK_MESSAGE(found.contains(what), "no longer different: ", what);
  }
}

TEST_CASE("every real manifest gives an entry that a catalogue takes") {
  if (!data_is_there()) return;
  for (const char* registry : {"registry-real", "registry-2025"}) {
    CatalogFile file = CatalogFile::empty("");
    std::size_t count = 0;
    for (const auto kind : kinds) {
      for (const auto& [name, directory] : artifacts_of(testing::real_data() / registry, kind)) {
        INFO(registry << " " << name);
        const auto manifest = read_manifest(kind, directory);
        REQUIRE(manifest);
        const auto tree = read_tree(directory);
        REQUIRE(tree);
        file.upsert(kind, normalise(name, *manifest, *tree, "2026-01-02T03:04:05+00:00"));
        ++count;
      }
    }
    const auto catalog = read_catalog(file.bytes(), {}).value();
    CHECK(catalog.entries.size() + catalog.quarantined.size() == count);
    CHECK(count >= 8);
    for (const auto& bad : catalog.quarantined) {
      // Two directories of the older registry say that they are the same thing.
      CHECK_MESSAGE(bad.reason == "alias_conflict", bad.message);
    }
  }
}

TEST_CASE("both real catalogues are read as they are") {
  if (!data_is_there()) return;
  const auto live = read_file(testing::real_data() / "registry-real/registry.json").value();
  const auto catalog = read_catalog(live, {}).value();
  CHECK(catalog.entries.size() == 36);
  CHECK(catalog.quarantined.empty());
  const auto empty = read_file(testing::real_data() / "registry-2025/registry.json").value();
  CHECK(read_catalog(empty, {}).error().reason == "catalog_empty");
}

}  // namespace
}  // namespace hub::registry
