// Hostile and broken catalogues: refused as a whole, or one entry of them, with code, place,
// observed value and what to do, within 50 ms of processor time and 16 MiB.

#include <doctest/doctest.h>

#include "registry/catalog_file.hpp"
#include "registry/catalog_reader.hpp"
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
};

std::vector<Case> cases() {
  const auto syntax = [](std::int64_t line) { return Wanted{"json_syntax", line}; };
  const auto cut = [](std::int64_t line) { return Wanted{"json_truncated", line}; };
  const auto type = [](std::int64_t line) { return Wanted{"catalog_type", line}; };
  const auto version = [](std::int64_t line) {
    return Wanted{"catalog_unsupported_version", line, Limit::yes};
  };
  const auto deep = Wanted{"json_too_deep", 1, Limit::yes};
  const auto marker = [](std::int64_t line) { return Wanted{"json_conflict_markers", line}; };
  std::string long_object = "{\"x\": {";
  for (int at = 0; at < 20'000; ++at) long_object += "\"k" + std::to_string(at) + "\": 1,";
  return {
      {"0 bytes", "", {"catalog_empty", 1, Limit::yes}},
      {"blanks alone", " \n \n", cut(3)},
      {"a list", "[]", type(1)},
      {"a text", "\"skills\"", type(1)},
      {"nothing", "null", type(1)},
      {"version 3", "{\n  \"version\": 3\n}", version(2)},
      {"version 0", "{\"version\": 0}", version(1)},
      {"version 2.0", "{\"version\": 2.0}", version(1)},
      {"a version that is a text", "{\"version\": \"2\"}", version(1)},
      {"a version that is a list", "{\"version\": [2]}", version(1)},
      {"a version that is very long", "{\"version\": " + std::string(100'000, '9') + "}",
       version(1)},
      {"skills that are an object", "{\n  \"skills\": {}\n}", type(2)},
      {"skills that are a text", "{\"skills\": \"a\"}", type(1)},
      {"scenarios that are nothing", "{\"scenarios\": null}", type(1)},
      {"an updated_at that is a number", "{\"version\": 2,\n\"updated_at\": 17}", type(2)},
      {"a file that is cut in a list", "{\"skills\": [", cut(1)},
      {"a file that is cut in an entry", "{\"skills\": [\n{\"name\": \"a\",", cut(2)},
      {"a file that is cut in a text", "{\"skills\": [{\"name\": \"a", cut(1)},
      {"a file that is cut in an escape", "{\"skills\": [{\"name\": \"a\\u00", cut(1)},
      {"a file that is cut in a word", "{\"x\": tru", cut(1)},
      {"a file that is cut in a number", "{\"x\": -", cut(1)},
      {"a file that is cut behind a key", "{\"x\"", cut(1)},
      {"skills twice", "{\"skills\": [],\n \"skills\": []}", {"json_duplicate_key", 2}},
      {"skills twice, once escaped",
       "{\"skills\": [], \"s\\u006bills\": []}",
       {"json_duplicate_key", 1}},
      {"a key of an entry twice",
       "{\"skills\": [{\"name\": \"a\", \"name\": \"b\"}]}",
       {"json_duplicate_key", 1}},
      {"a key twice behind 20,000 others", long_object + "\"k7\": 1}}", {"json_duplicate_key", 1}},
      {"NaN", "{\"x\": NaN}", syntax(1)},
      {"Infinity", "{\"x\": -Infinity}", syntax(1)},
      {"a number with a leading zero", "{\"x\": 01}", syntax(1)},
      {"a number with a plus", "{\"x\": +1}", syntax(1)},
      {"a number that ends in a dot", "{\"x\": 1.}", syntax(1)},
      {"a hexadecimal number", "{\"x\": 0x10}", syntax(1)},
      {"a comma too many", "{\"x\": 1,}", syntax(1)},
      {"a comma too few", "{\"x\": 1 \"y\": 2}", syntax(1)},
      {"single quotes", "{'x': 1}", syntax(1)},
      {"a Python dict", "{'entry': None, 'x': True}", syntax(1)},
      {"a comment", "{\n// skills\n}", syntax(2)},
      {"a key without quotes", "{skills: []}", syntax(1)},
      {"a raw line break in a text", "{\"x\": \"a\nb\"}", syntax(1)},
      {"a raw NUL in a text", std::string("{\"x\": \"a\0b\"}", 12), syntax(1)},
      {"an unknown escape", "{\"x\": \"\\x41\"}", syntax(1)},
      {"a lone surrogate", "{\"x\": \"\\ud800\"}", syntax(1)},
      {"surrogates the wrong way round", "{\"x\": \"\\udc00\\ud800\"}", syntax(1)},
      {"a byte order mark", "\xef\xbb\xbf{}", syntax(1)},
      {"text behind the end", "{}\n{}", syntax(2)},
      {"a bracket too many", "{}]", syntax(1)},
      {"a value that is not UTF-8", "{\n\"x\": \"\xff\"}", {"json_not_utf8", 2}},
      {"an overlong character", "{\"x\": \"\xc0\x80\"}", {"json_not_utf8", 1}},
      {"half a surrogate pair in UTF-8", "{\"x\": \"\xed\xa0\x80\"}", {"json_not_utf8", 1}},
      {"a character that is cut", "{\"x\": \"\xd0\"}", {"json_not_utf8", 1}},
      {"conflict markers", "{\n<<<<<<< HEAD\n  \"version\": 1\n=======\n>>>>>>> x\n}", marker(2)},
      {"the end of a conflict", "{\n  \"version\": 2\n>>>>>>> theirs\n}", marker(3)},
      {"65 levels", repeated("[", 65) + repeated("]", 65), deep},
      {"65 levels in an entry",
       "{\"skills\": [{\"x\": " + repeated("[", 62) + repeated("]", 62) + "}]}", deep},
      {"100,000 levels", "{\"x\": " + repeated("[", 100'000), deep},
      {"100,000 levels of objects", repeated("{\"a\":", 100'000), deep},
  };
}

TEST_CASE("a catalogue that is refused says why, where and what to do, and costs little") {
  const auto all = cases();
  for (const auto& one : all) {
    // A list may be as deep as it likes before it is found to be none of ours.
    const bool whole_is_type = one.text.starts_with('[') && one.wanted.reason == "json_too_deep";
    if (whole_is_type) {
      check_refused(one.what, one.wanted, [&one] { return parse_json_text(one.text, "x.json"); });
      continue;
    }
    check_refused(one.what, one.wanted, [&one] { return CatalogFile::parse(one.text); });
    check_refused(one.what, one.wanted, [&one] { return read_catalog(one.text, {}); });
  }
  CHECK(all.size() >= 50);
}

struct EntryCase {
  const char* what;
  std::string entry;
  const char* reason;
};

TEST_CASE("an entry that is quarantined says why, where and what to do, and the rest loads") {
  const EntryCase all[] = {
      {"a text", "\"notes\"", "entry_type"},
      {"a list", "[]", "entry_type"},
      {"nothing", "null", "entry_type"},
      {"no name", "{\"version\": \"1.0.0\"}", "name_invalid"},
      {"a name that climbs", "{\"name\": \"../up\"}", "name_invalid"},
      {"an absolute name", "{\"name\": \"/etc\"}", "name_invalid"},
      {"a name with a NUL", "{\"name\": \"a\\u0000b\"}", "name_invalid"},
      {"a name of another script", "{\"name\": \"wеather\"}", "name_invalid"},
      {"a name of 101 letters", "{\"name\": \"" + std::string(101, 'a') + "\"}", "name_invalid"},
      {"a path that climbs", "{\"path\": \"skills/..\"}", "name_invalid"},
      {"a version that is a number", "{\"name\": \"a\", \"version\": 3}", "field_type"},
      {"an id that is a list", "{\"name\": \"a\", \"id\": []}", "field_type"},
      {"a title that is an object", "{\"name\": \"a\", \"title\": {}}", "field_type"},
      {"a description that is true", "{\"name\": \"a\", \"description\": true}", "field_type"},
      {"a title_i18n that is a text", "{\"name\": \"a\", \"title_i18n\": \"x\"}", "field_type"},
      {"tags that are a text", "{\"name\": \"a\", \"tags\": \"home\"}", "field_type"},
      {"a tag that is a number", "{\"name\": \"a\", \"tags\": [\"b\", 1]}", "field_type"},
      {"a publisher that is a text", "{\"name\": \"a\", \"publisher\": \"ada\"}", "field_type"},
      {"an owner that is a number", "{\"name\": \"a\", \"publisher\": {\"owner_id\": 1}}",
       "field_type"},
      {"an integrity that is a text", "{\"name\": \"a\", \"integrity\": \"sha256:00\"}",
       "field_type"},
      {"a size below zero", "{\"name\": \"a\", \"integrity\": {\"size\": -1}}", "field_type"},
      {"a size beyond all", "{\"name\": \"a\", \"integrity\": {\"size\": 9223372036854775808}}",
       "field_type"},
      {"a count with a fraction", "{\"name\": \"a\", \"integrity\": {\"files\": 1.5}}",
       "field_type"},
      {"a compatibility that is a list", "{\"name\": \"a\", \"compatibility\": []}", "field_type"},
      {"an updated_at that is a number", "{\"name\": \"a\", \"updated_at\": 17}", "field_type"},
      {"the name of another", "{\"name\": \"GOOD\"}", "alias_conflict"},
      {"the id of another", "{\"name\": \"thief\", \"id\": \"Other\"}", "alias_conflict"},
      {"the name of another as an id", "{\"name\": \"thief\", \"id\": \"good\"}", "alias_conflict"},
  };
  for (const auto& one : all) {
    INFO(one.what);
    const std::string text =
        "{\n\"skills\": [\n{\"name\": \"good\", \"id\": \"other\"},\n" + one.entry + "\n]}";
    const auto read = read_catalog(text, {});
    REQUIRE(read);
    CHECK(read->entries.size() == 1);
    REQUIRE(read->quarantined.size() == 1);
    const QuarantinedEntry& bad = read->quarantined[0];
    CHECK(bad.reason == one.reason);
    CHECK(bad.where == "skills[1]");
    CHECK(bad.line == 4);
    CHECK(bad.message.starts_with("cannot "));
    CHECK_FALSE(bad.hint.empty());
    const auto cost =
        testing::cost_of([&text] { static_cast<void>(read_catalog(text, {}).has_value()); });
    CHECK(cost.cpu_ms <= testing::refusal_cpu_ms_max * testing::slower_by);
    CHECK(cost.peak_bytes <= testing::refusal_bytes_max);
  }
}

TEST_CASE("an alias of somebody else's is refused with both names") {
  const auto file =
      CatalogFile::parse(R"({"skills": [{"name": "notes", "id": "Notebook"}, {"name": "Straße"}]})")
          .value();
  const std::pair<const char*, const char*> all[] = {
      {"Notes", "x"}, {"x", "NOTES"}, {"notebook", "x"}, {"x", "noteBook"}, {"STRASSE", "x"}};
  for (const auto& one : all) {
    check_refused(std::string(one.first) + " " + one.second, {"alias_conflict"}, [&file, &one] {
      return file.check_aliases(ArtifactKind::skill, one.first, one.second);
    });
  }
}

TEST_CASE("many bad entries cost no more than many good ones") {
  std::string text = "{\"skills\": [";
  for (int at = 0; at < 5000; ++at) text += "{\"name\": \"same\", \"version\": 1},\n";
  text += "{\"name\": \"last\"}]}";
  const auto read = read_catalog(text, {});
  REQUIRE(read);
  CHECK(read->quarantined.size() == 5000);
  CHECK(read->quarantined[4999].line == 5000);
  const auto cost =
      testing::cost_of([&text] { static_cast<void>(read_catalog(text, {}).has_value()); });
  CHECK(cost.cpu_ms <= testing::refusal_cpu_ms_max * testing::slower_by);
  CHECK(cost.peak_bytes <= testing::refusal_bytes_max);
}

}  // namespace
}  // namespace hub::registry
