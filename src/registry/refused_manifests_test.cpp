// Hostile and broken manifests: each refused with its code, place, limit, observed value and what
// to do, within 50 ms of processor time and 16 MiB.

#include <doctest/doctest.h>

#include "registry/manifest.hpp"
#include "registry/normalise.hpp"
#include "registry/test_refusal.hpp"

namespace hub::registry {
namespace {

using testing::check_refused;
using testing::Limit;
using testing::repeated;
using testing::Wanted;

struct Case {
  const char* what;
  std::string text;
  Wanted wanted;
  ArtifactKind kind = ArtifactKind::skill;
};

// Each level names the one below nine times.
std::string alias_bomb(int levels) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x]\n";
  for (int at = 1; at < levels; ++at) {
    const std::string below = "*a" + std::to_string(at - 1);
    text += "a" + std::to_string(at) + ": &a" + std::to_string(at) + " [" + below +
            repeated(", " + below, 8) + "]\n";
  }
  return text;
}

// Anchors inside anchors: each would keep a copy of all below it.
std::string nested_anchors() {
  std::string text = "a: ";
  for (int at = 0; at < 28; ++at) text += "&n" + std::to_string(at) + " [";
  return text + repeated("x,", 9000) + "x" + repeated("]", 28) + "\n";
}

std::vector<Case> cases() {
  const std::string fat = "a: &a \"" + std::string(200'000, 'x') + "\"\n";
  const auto syntax = [](std::int64_t line) { return Wanted{"manifest_yaml_syntax", line}; };
  const auto field = [](std::int64_t line) { return Wanted{"field_type", line}; };
  const auto deep = [](std::int64_t line) { return Wanted{"manifest_too_deep", line, Limit::yes}; };
  const auto many = [](std::int64_t line) {
    return Wanted{"manifest_too_many_nodes", line, Limit::yes};
  };
  const auto scenario = ArtifactKind::scenario;
  return {
      {"larger than 256 KiB",
       "a: " + std::string(300'000, 'x'),
       {"manifest_too_large", 1, Limit::yes}},
      {"a comment larger than 256 KiB",
       "#" + std::string(300'000, 'x') + "\na: 1\n",
       {"manifest_too_large", 1, Limit::yes}},
      {"not UTF-8", "name: x\ntitle: \"\xff\"\n", {"manifest_not_utf8", 2}},
      {"Latin-1", "title: caf\xe9\n", {"manifest_not_utf8", 1}},
      {"UTF-16", std::string("\xff\xfen\0a\0m\0e\0", 10), {"manifest_not_utf8", 1}},
      {"an overlong slash", "a: \"\xc0\xaf\"\n", {"manifest_not_utf8", 1}},
      {"half a surrogate pair", "a: \"\xed\xa0\x80\"\n", {"manifest_not_utf8", 1}},
      {"a NUL", std::string("a: x\0y\n", 7), syntax(1)},
      {"a control character", "a: \"\x01\"\n", syntax(1)},
      {"an alias bomb of 20 levels", alias_bomb(20), many(5)},
      {"the alias bomb of 413 bytes", alias_bomb(9), many(5)},
      {"a fat text named a thousand times", fat + "b: [*a" + repeated(", *a", 1000) + "]\n",
       many(2)},
      {"a fat mapping merged a thousand times",
       "b: &b {k: \"" + std::string(100'000, 'x') + "\"}\nc:\n" + repeated("  - {<<: *b}\n", 1000),
       many(0)},
      {"an anchor that names itself", "a: &x [*x]\n", syntax(1)},
      {"an alias of nothing", "name: x\na: *nothing\n", syntax(2)},
      {"anchors inside anchors", nested_anchors(), many(1)},
      {"11,000 values in a list", "a:\n" + repeated("- x\n", 11'000), many(0)},
      {"11,000 values in one line", "a: [" + repeated("x,", 11'000) + "x]\n", many(1)},
      {"40 levels of lists", "a: " + repeated("[", 40) + repeated("]", 40), deep(1)},
      {"100,000 levels of lists", "a: " + repeated("[", 100'000), deep(1)},
      {"40 levels of mappings", repeated("{a: ", 40) + "x" + repeated("}", 40), deep(1)},
      {"40 levels of block mappings",
       [] {
         std::string text;
         for (std::size_t at = 0; at < 40; ++at) text += std::string(at, ' ') + "a:\n";
         return text;
       }(),
       deep(0)},
      {"aliases that go deep together",
       "a: &a " + repeated("[", 20) + repeated("]", 20) + "\nb: " + repeated("[", 20) + "*a" +
           repeated("]", 20) + "\n",
       deep(2)},
      {"100,000 question marks", repeated("? ", 100'000), deep(0)},
      {"100,000 dashes", repeated("- ", 100'000), deep(0)},
      {"two documents", "a: 1\n---\nb: 2\n", {"manifest_multi_document", 2, Limit::yes}},
      {"a second document that is empty",
       "a: 1\n---\n",
       {"manifest_multi_document", 2, Limit::yes}},
      {"a key twice", "a: 1\nb: 2\na: 3\n", {"manifest_duplicate_key", 3}},
      {"a key twice, once quoted", "a: 1\n\"a\": 3\n", {"manifest_duplicate_key", 2}},
      {"a key twice, once escaped", "a: 1\n\"\\u0061\": 3\n", {"manifest_duplicate_key", 2}},
      {"a key twice further in", "x:\n  - {a: 1, a: 2}\n", {"manifest_duplicate_key", 2}},
      {"a Python object", "a: !!python/object:os.system x\n", {"manifest_tag_forbidden", 1}},
      {"a Python call",
       "a: !!python/object/apply:os.system ['x']\n",
       {"manifest_tag_forbidden", 1}},
      {"a tag of its own", "name: x\na: !mine x\n", {"manifest_tag_forbidden", 2}},
      {"a binary tag", "a: !!binary aGk=\n", {"manifest_tag_forbidden", 1}},
      {"a set tag on a mapping", "a: !!set {x}\n", {"manifest_tag_forbidden", 1}},
      {"a tag by a handle",
       "%TAG !e! tag:evil,2000:\n---\na: !e!x y\n",
       {"manifest_tag_forbidden", 3}},
      {"an empty file", "", {"manifest_not_mapping", 1}},
      {"comments alone", "# nothing\n\n# more\n", {"manifest_not_mapping"}},
      {"a list", "- a\n- b\n", {"manifest_not_mapping", 1}},
      {"a text", "just words\n", {"manifest_not_mapping", 1}},
      {"a list as a key", "? [a]\n: b\n", syntax(1)},
      {"a mapping as a key", "{a: b}: c\n", syntax(1)},
      {"a bracket left open", "name: x\ntools: [\n", syntax(3)},
      {"a quote left open", "name: \"x\nversion: 1\n", syntax(0)},
      {"a tab as indentation", "a:\n\tb: 1\n", syntax(2)},
      {"indentation that does not fit", "name: x\nversion: 1.0.0\n  tools: []\n", syntax(3)},
      {"an unknown escape", "a: \"\\q\"\n", syntax(1)},
      {"a merge of a text", "a:\n  <<: text\n", syntax(2)},
      {"conflict markers", "name: x\n<<<<<<< HEAD\nversion: 1\n=======\n", syntax(0)},
      {"JSON that is cut", "{\"name\": \"x\", ", syntax(0)},
      {"an unknown directive version", "%YAML 9.9\n---\na: 1\n", syntax(0)},
      {"a version that is a mapping", "name: x\nversion:\n  major: 1\n", field(3)},
      {"a version that is a list", "version: [1, 0, 0]\n", field(1)},
      {"a name that is a list", "name: [x]\n", field(1)},
      {"an id that is a mapping", "id: {a: b}\n", field(1)},
      {"a title that is a list", "title: [a]\n", field(1)},
      {"a description that is a list", "description: [a]\n", field(1)},
      {"an updated_at that is a list", "updated_at: [a]\n", field(1)},
      {"tags that are a mapping", "tags: {a: b}\n", field(1)},
      {"a tag that is a list", "tags: [a, [b]]\n", field(1)},
      {"a tag that is nothing", "tags: [a, ~]\n", field(1)},
      {"dependencies that are a mapping", "dependencies: {a: b}\n", field(1)},
      {"a dependency that is a mapping", "dependencies:\n  - {a: b}\n", field(2)},
      {"dependencies that are a text", "dependencies: requests\n", field(1)},
      {"a service that is a text", "service: x\n", field(1)},
      {"fixtures that are a text", "secret_fixtures: tests/key\n", field(1)},
      {"depends that are a text", "depends: notes\n", field(1), scenario},
      {"a runtime that is a text", "runtime: python\n", field(1), scenario},
      {"skills that are a list", "runtime:\n  skills: [a]\n", field(2), scenario},
      {"required skills that are a text", "runtime: {skills: {required: a}}\n", field(1), scenario},
  };
}

TEST_CASE("a manifest that is refused says why, where and what to do, and costs little") {
  const auto all = cases();
  for (const auto& one : all) {
    check_refused(one.what, one.wanted,
                  [&one] { return parse_manifest(one.kind, one.text, "skills/x/skill.yaml"); });
  }
  CHECK(all.size() >= 70);
}

TEST_CASE("a name that is refused says what it should be") {
  const std::pair<const char*, const char*> names[] = {
      {"", "name_invalid"},
      {".", "name_invalid"},
      {"..", "name_invalid"},
      {".hidden", "name_invalid"},
      {"_x", "name_invalid"},
      {"-x", "name_invalid"},
      {"a/b", "name_invalid"},
      {"a\\b", "name_invalid"},
      {"a b", "name_invalid"},
      {"п", "name_invalid"},
      {"a\n", "name_invalid"},
      {"pаypal", "name_invalid"},
      {"skills", "name_reserved"},
      {"SKILLS", "name_reserved"},
      {"scenarios", "name_reserved"},
      {"registry", "name_reserved"},
      {"latest", "name_reserved"},
      {"stable", "name_reserved"},
      {"index", "name_reserved"},
      {"default", "name_reserved"},
      {"registry.json", "name_reserved"},
  };
  for (const auto& one : names) {
    const bool invalid = std::string_view(one.second) == "name_invalid";
    check_refused(one.first, {one.second, 0, invalid ? Limit::yes : Limit::no},
                  [&one] { return check_name(one.first); });
  }
  check_refused("101 letters", {"name_invalid", 0, Limit::yes},
                [] { return check_name(std::string(101, 'a')); });
}

}  // namespace
}  // namespace hub::registry
